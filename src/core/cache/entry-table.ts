import type { Family } from "../../address/index.ts";
import type { MappingBody } from "../../wire/index.ts";
import { type Version, compareVersions } from "../version.ts";

/** No entry. */
export const NO_ENTRY = -1;
/** The upstream of what this server knows by itself. */
export const OWN = 0;

const WIDTH = 22;
const FIRST_HI = 0;
const FIRST_LO = 1;
const LAST_HI = 2;
const LAST_LO = 3;
const ETR = 4;
const VERSION_LINEAGE = 8;
const VERSION_HI = 9;
const VERSION_LO = 10;
const POSITION_LINEAGE = 11;
const POSITION_HI = 12;
const POSITION_LO = 13;
const SHAPE = 14;
const EXPIRY = 15;
const NONCE_HI = 16;
const NONCE_LO = 17;
const UPSTREAM = 18;
const LEDGER = 19;
const NEXT = 20;
const PREVIOUS = 21;

/** In SHAPE, beside the family: its upstream sends no Cache Updates for it. */
const UNPROMISED = 0x80000000;

/**
 * The rows of the cache: one range with its answer each, in one typed array. Rows of one upstream are chained, so that
 * they can be flushed together. Links are stored plus one; zero is none.
 */
export class EntryTable {
  readonly capacity: number;
  readonly #words: Uint32Array;
  readonly #used: Uint8Array;
  readonly #heads: Uint32Array;
  #free = 0;
  #fresh = 0;
  #size = 0;

  constructor(capacity: number, maxUpstreams: number) {
    this.capacity = capacity;
    this.#words = new Uint32Array(capacity * WIDTH);
    this.#used = new Uint8Array(capacity);
    this.#heads = new Uint32Array(maxUpstreams);
  }

  get size(): number {
    return this.#size;
  }

  /** Rows that have ever been used: those at or above this number are empty. */
  get highWater(): number {
    return this.#fresh;
  }

  /** Takes a free row and fills it; NO_ENTRY when all are taken. `body` has the range, which never changes. */
  add(result: number, body: MappingBody, expiryMs: number, upstream: number): number {
    const entry = this.#take();
    if (entry === NO_ENTRY) return NO_ENTRY;
    const at = entry * WIDTH;
    const words = this.#words;
    words[at + FIRST_HI] = body.firstHi;
    words[at + FIRST_LO] = body.firstLo;
    words[at + LAST_HI] = body.lastHi;
    words[at + LAST_LO] = body.lastLo;
    words[at + LEDGER] = 0;
    words[at + UPSTREAM] = upstream;
    this.setAnswer(entry, result, body);
    this.setExpiry(entry, expiryMs);
    this.setNonce(entry, 0, 0);
    this.#chain(entry, upstream);
    this.#used[entry] = 1;
    this.#size++;
    return entry;
  }

  release(entry: number): void {
    this.#unchain(entry);
    this.#words[entry * WIDTH + SHAPE] = 0;
    this.#words[entry * WIDTH + NEXT] = this.#free;
    this.#free = entry + 1;
    this.#size--;
  }

  /** Replaces what is answered, not where: mapping, version and position. */
  setAnswer(entry: number, result: number, body: MappingBody): void {
    const at = entry * WIDTH;
    const words = this.#words;
    words[at + ETR] = body.etr0;
    words[at + ETR + 1] = body.etr1;
    words[at + ETR + 2] = body.etr2;
    words[at + ETR + 3] = body.etr3;
    words[at + VERSION_LINEAGE] = body.versionLineage;
    words[at + VERSION_HI] = body.versionHi;
    words[at + VERSION_LO] = body.versionLo;
    words[at + POSITION_LINEAGE] = body.positionLineage;
    words[at + POSITION_HI] = body.positionHi;
    words[at + POSITION_LO] = body.positionLo;
    words[at + SHAPE] = (body.family << 24) | (body.prefixLength << 16) | (body.etrFamily << 8) | result;
  }

  /** Whether a body's version is above the entry's. */
  isNewer(entry: number, body: MappingBody): boolean {
    const at = entry * WIDTH;
    const words = this.#words;
    const { versionLineage, versionHi, versionLo } = body;
    return compareVersions(versionLineage, versionHi, versionLo, words[at + VERSION_LINEAGE]!, words[at + VERSION_HI]!, words[at + VERSION_LO]!) > 0;
  }

  /** Raises `out` to the entry's version. */
  raiseToVersion(entry: number, out: Version): void {
    const at = entry * WIDTH;
    out.raise(this.#words[at + VERSION_LINEAGE]!, this.#words[at + VERSION_HI]!, this.#words[at + VERSION_LO]!);
  }

  /** Whether the position that the entry was answered at is below another. */
  isBelow(entry: number, position: Version): boolean {
    const at = entry * WIDTH;
    return position.isAbove(this.#words[at + POSITION_LINEAGE]!, this.#words[at + POSITION_HI]!, this.#words[at + POSITION_LO]!);
  }

  lineage(entry: number): number {
    return this.#words[entry * WIDTH + POSITION_LINEAGE]!;
  }

  /** Whether the entry answers what a body with this result answers. */
  saysSame(entry: number, result: number, body: MappingBody): boolean {
    const at = entry * WIDTH + ETR;
    const words = this.#words;
    return (
      this.result(entry) === result &&
      ((words[entry * WIDTH + SHAPE]! >>> 8) & 0xff) === body.etrFamily &&
      words[at] === body.etr0 &&
      words[at + 1] === body.etr1 &&
      words[at + 2] === body.etr2 &&
      words[at + 3] === body.etr3
    );
  }

  hasRange(entry: number, body: MappingBody): boolean {
    const at = entry * WIDTH;
    const words = this.#words;
    return (
      words[at + FIRST_HI] === body.firstHi &&
      words[at + FIRST_LO] === body.firstLo &&
      words[at + LAST_HI] === body.lastHi &&
      words[at + LAST_LO] === body.lastLo &&
      this.prefixLength(entry) === body.prefixLength
    );
  }

  /** Fills all of `body` but what belongs to the reply: caching time, epoch, counter. */
  read(entry: number, body: MappingBody): void {
    const at = entry * WIDTH;
    const words = this.#words;
    body.firstHi = words[at + FIRST_HI]!;
    body.firstLo = words[at + FIRST_LO]!;
    body.lastHi = words[at + LAST_HI]!;
    body.lastLo = words[at + LAST_LO]!;
    body.etr0 = words[at + ETR]!;
    body.etr1 = words[at + ETR + 1]!;
    body.etr2 = words[at + ETR + 2]!;
    body.etr3 = words[at + ETR + 3]!;
    body.versionLineage = words[at + VERSION_LINEAGE]!;
    body.versionHi = words[at + VERSION_HI]!;
    body.versionLo = words[at + VERSION_LO]!;
    body.positionLineage = words[at + POSITION_LINEAGE]!;
    body.positionHi = words[at + POSITION_HI]!;
    body.positionLo = words[at + POSITION_LO]!;
    body.family = this.family(entry);
    body.prefixLength = this.prefixLength(entry);
    body.etrFamily = (words[at + SHAPE]! >>> 8) & 0xff;
  }

  /** False for a row that is free. */
  isTaken(entry: number): boolean {
    return entry < this.#fresh && this.#words[entry * WIDTH + SHAPE] !== 0;
  }

  family(entry: number): Family {
    return ((this.#words[entry * WIDTH + SHAPE]! >>> 24) & 0x0f) === 4 ? 4 : 6;
  }

  prefixLength(entry: number): number {
    return (this.#words[entry * WIDTH + SHAPE]! >>> 16) & 0xff;
  }

  result(entry: number): number {
    return this.#words[entry * WIDTH + SHAPE]! & 0xff;
  }

  firstHi(entry: number): number {
    return this.#words[entry * WIDTH + FIRST_HI]!;
  }

  firstLo(entry: number): number {
    return this.#words[entry * WIDTH + FIRST_LO]!;
  }

  lastHi(entry: number): number {
    return this.#words[entry * WIDTH + LAST_HI]!;
  }

  lastLo(entry: number): number {
    return this.#words[entry * WIDTH + LAST_LO]!;
  }

  expiry(entry: number): number {
    return this.#words[entry * WIDTH + EXPIRY]!;
  }

  setExpiry(entry: number, expiryMs: number): void {
    this.#words[entry * WIDTH + EXPIRY] = expiryMs;
  }

  upstream(entry: number): number {
    return this.#words[entry * WIDTH + UPSTREAM]!;
  }

  /** Notes that the entry now stands on another upstream's word. */
  setUpstream(entry: number, upstream: number): void {
    if (this.upstream(entry) === upstream) return;
    this.#unchain(entry);
    this.#words[entry * WIDTH + UPSTREAM] = upstream;
    this.#chain(entry, upstream);
  }

  /** Whether the upstream promised Cache Updates for it; so an entry begins. */
  isPromised(entry: number): boolean {
    return (this.#words[entry * WIDTH + SHAPE]! & UNPROMISED) === 0;
  }

  setPromised(entry: number, isPromised: boolean): void {
    const at = entry * WIDTH + SHAPE;
    this.#words[at] = isPromised ? this.#words[at]! & ~UNPROMISED : this.#words[at]! | UNPROMISED;
  }

  /** The nonce of the request that brought this entry: its upstream's Cache Updates carry it. */
  setNonce(entry: number, hi: number, lo: number): void {
    this.#words[entry * WIDTH + NONCE_HI] = hi;
    this.#words[entry * WIDTH + NONCE_LO] = lo;
  }

  hasNonce(entry: number, hi: number, lo: number): boolean {
    return this.#words[entry * WIDTH + NONCE_HI] === hi && this.#words[entry * WIDTH + NONCE_LO] === lo;
  }

  /** Head of the entry's ledger, a record number plus one; zero when nobody was given it. */
  ledger(entry: number): number {
    return this.#words[entry * WIDTH + LEDGER]!;
  }

  setLedger(entry: number, head: number): void {
    this.#words[entry * WIDTH + LEDGER] = head;
  }

  /** The first entry learnt from an upstream, NO_ENTRY when there is none; go on with `following`. */
  firstOf(upstream: number): number {
    return this.#heads[upstream]! - 1;
  }

  following(entry: number): number {
    return this.#words[entry * WIDTH + NEXT]! - 1;
  }

  touch(entry: number): void {
    this.#used[entry] = 1;
  }

  isTouched(entry: number): boolean {
    return this.#used[entry] === 1;
  }

  /** Whether the entry was touched since this was last asked (CLOCK's reference bit). */
  takeTouched(entry: number): boolean {
    const touched = this.#used[entry] === 1;
    this.#used[entry] = 0;
    return touched;
  }

  #take(): number {
    if (this.#free !== 0) {
      const entry = this.#free - 1;
      this.#free = this.#words[entry * WIDTH + NEXT]!;
      return entry;
    }
    return this.#fresh < this.capacity ? this.#fresh++ : NO_ENTRY;
  }

  #chain(entry: number, upstream: number): void {
    const head = this.#heads[upstream]!;
    this.#words[entry * WIDTH + NEXT] = head;
    this.#words[entry * WIDTH + PREVIOUS] = 0;
    if (head !== 0) this.#words[(head - 1) * WIDTH + PREVIOUS] = entry + 1;
    this.#heads[upstream] = entry + 1;
  }

  #unchain(entry: number): void {
    const next = this.#words[entry * WIDTH + NEXT]!;
    const previous = this.#words[entry * WIDTH + PREVIOUS]!;
    if (next !== 0) this.#words[(next - 1) * WIDTH + PREVIOUS] = previous;
    if (previous === 0) this.#heads[this.upstream(entry)] = next;
    else this.#words[(previous - 1) * WIDTH + NEXT] = next;
  }
}
