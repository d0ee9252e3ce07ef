/** Of an upstream: the chain of its rows, and how many they are; the first in it that is void, and how many are. */
const WIDTH = 6;
const HEAD = 0;
const COUNT = 1;
const VOID_HEAD = 2;
const VOID_COUNT = 3;
/** Of what comes from it now; of what is void in its chain, the oldest. */
const GENERATION = 4;
const OLDEST = 5;

export const LAST_GENERATION = 0x1f;
const LINK = 0x00ff_ffff;

/** More rows cannot be chained. */
export const MOST_ROWS = LINK;

/**
 * Chains of the rows that came from each upstream. A row has a link either way, in two words one after the other, each with half of the
 * upstream's number in its upper octet. Chains grow at the head: all rows in one can be made void at once, by going on to the next
 * generation, so that void rows are the end of a chain. Links are rows plus one; zero is none.
 */
export class UpstreamChains {
  /** Void rows in all chains. */
  voids = 0;
  readonly #words: Uint32Array;
  readonly #rows: Uint32Array;
  readonly #width: number;
  readonly #next: number;

  /** `rows`: the rows, of `width` words each, with the links from word `next` on. */
  constructor(maxUpstreams: number, rows: Uint32Array, width: number, next: number) {
    this.#words = new Uint32Array(maxUpstreams * WIDTH);
    this.#rows = rows;
    this.#width = width;
    this.#next = next;
  }

  get upstreams(): number {
    return this.#words.length / WIDTH;
  }

  /** The upstream of a row. */
  upstream(row: number): number {
    const at = row * this.#width + this.#next;
    return ((this.#rows[at]! >>> 24) << 8) | (this.#rows[at + 1]! >>> 24);
  }

  /** The first row of an upstream that is not void; -1 when there is none. */
  first(upstream: number): number {
    return this.count(upstream) === 0 ? -1 : this.#words[upstream * WIDTH + HEAD]! - 1;
  }

  firstVoid(upstream: number): number {
    return this.#words[upstream * WIDTH + VOID_HEAD]! - 1;
  }

  following(row: number): number {
    return (this.#rows[row * this.#width + this.#next]! & LINK) - 1;
  }

  /** How many rows are not void. */
  count(upstream: number): number {
    return this.#words[upstream * WIDTH + COUNT]! - this.#words[upstream * WIDTH + VOID_COUNT]!;
  }

  /** A row of another is void. */
  generation(upstream: number): number {
    return this.#words[upstream * WIDTH + GENERATION]!;
  }

  add(upstream: number, row: number): void {
    const at = row * this.#width + this.#next;
    const head = this.#words[upstream * WIDTH + HEAD]!;
    this.#rows[at] = ((upstream >>> 8) << 24) | head;
    this.#rows[at + 1] = (upstream & 0xff) << 24;
    if (head !== 0) this.#link((head - 1) * this.#width + this.#next + 1, row + 1);
    this.#words[upstream * WIDTH + HEAD] = row + 1;
    this.#words[upstream * WIDTH + COUNT]!++;
  }

  remove(row: number, isVoid: boolean): void {
    const at = row * this.#width + this.#next;
    const chain = this.upstream(row) * WIDTH;
    const next = this.#rows[at]! & LINK;
    const previous = this.#rows[at + 1]! & LINK;
    if (next !== 0) this.#link((next - 1) * this.#width + this.#next + 1, previous);
    if (previous === 0) this.#words[chain + HEAD] = next;
    else this.#link((previous - 1) * this.#width + this.#next, next);
    this.#words[chain + COUNT]!--;
    if (!isVoid) return;
    this.voids--;
    this.#words[chain + VOID_COUNT]!--;
    if (this.#words[chain + VOID_HEAD] === row + 1) this.#words[chain + VOID_HEAD] = next;
  }

  /** Makes all rows of an upstream void; false where some have been so for too many times, and must be taken out first. */
  makeVoid(upstream: number): boolean {
    const words = this.#words;
    const at = upstream * WIDTH;
    const generation = (words[at + GENERATION]! + 1) & LAST_GENERATION;
    if (words[at + VOID_COUNT] === 0) words[at + OLDEST] = words[at + GENERATION]!;
    else if (generation === words[at + OLDEST]) return false;
    this.voids += this.count(upstream);
    words[at + VOID_COUNT] = words[at + COUNT]!;
    words[at + VOID_HEAD] = words[at + HEAD]!;
    words[at + GENERATION] = generation;
    return true;
  }

  /** Sets a link, and leaves its part of the upstream's number as it is. */
  #link(at: number, link: number): void {
    this.#rows[at] = (this.#rows[at]! & ~LINK) | link;
  }
}
