import type { Family } from "../../address/index.ts";
import type { MappingBody } from "../../wire/index.ts";
import type { TableMemory } from "../tables/table-memory.ts";
import { FIRST, IPV6, SECOND, SHAPE, SIZE, SIZE_SHIFT, WIDTH } from "./row-shape.ts";

/** The size of a range that has both its ends kept: of IPv4, or of IPv6 if it is no prefix, or half of all keys or more. Any other is of 2^size keys. */
const ENDS = SIZE;

/** Beside IPv6 rows whose ranges are no prefixes: the lower halves of their keys. */
const LOWS = 2;

/** Rows by their ranges. An IPv6 one that is a prefix, as most are, is in the row; what has other ends is in a second array, which takes memory only where it is written to. */
export class RowRanges {
  readonly #words: Uint32Array;
  readonly #lows: Uint32Array;

  /** `words`: the rows. */
  constructor(words: Uint32Array, capacity: number, memory: TableMemory) {
    this.#words = words;
    this.#lows = memory.rows(capacity * LOWS);
  }

  /** Fills a row's range, once for all its life. */
  setRange(row: number, { family, firstHi, firstLo, lastHi, lastLo }: MappingBody): void {
    const at = row * WIDTH;
    const words = this.#words;
    const size = family === 4 ? ENDS : sizeOf(firstHi, firstLo, lastHi, lastLo);
    words[at + FIRST] = firstHi;
    words[at + SECOND] = size === ENDS ? lastHi : firstLo;
    words[at + SHAPE]! |= (family === 4 ? 0 : IPV6) | (size << SIZE_SHIFT);
    if (family === 4 || size !== ENDS) return;
    this.#lows[row * LOWS] = firstLo;
    this.#lows[row * LOWS + 1] = lastLo;
  }

  /** `shape`: that of the row. */
  readRange(row: number, shape: number, body: MappingBody): void {
    const first = this.#words[row * WIDTH + FIRST]!;
    const second = this.#words[row * WIDTH + SECOND]!;
    const size = (shape >>> SIZE_SHIFT) & SIZE;
    body.firstHi = first;
    if (size !== ENDS) {
      body.family = 6;
      body.firstLo = second;
      body.lastHi = (first | restHi(size)) >>> 0;
      body.lastLo = (second | restLo(size)) >>> 0;
      return;
    }
    const isIpv4 = (shape & IPV6) === 0;
    body.family = isIpv4 ? 4 : 6;
    body.firstLo = isIpv4 ? 0 : this.#lows[row * LOWS]!;
    body.lastHi = second;
    body.lastLo = isIpv4 ? 0 : this.#lows[row * LOWS + 1]!;
  }

  family(row: number): Family {
    return (this.#words[row * WIDTH + SHAPE]! & IPV6) === 0 ? 4 : 6;
  }

  firstHi(row: number): number {
    return this.#words[row * WIDTH + FIRST]!;
  }

  firstLo(row: number): number {
    if (this.family(row) === 4) return 0;
    return this.#size(row) === ENDS ? this.#lows[row * LOWS]! : this.#words[row * WIDTH + SECOND]!;
  }

  lastHi(row: number): number {
    const size = this.#size(row);
    return size === ENDS ? this.#words[row * WIDTH + SECOND]! : (this.firstHi(row) | restHi(size)) >>> 0;
  }

  lastLo(row: number): number {
    if (this.family(row) === 4) return 0;
    const size = this.#size(row);
    return size === ENDS ? this.#lows[row * LOWS + 1]! : (this.#words[row * WIDTH + SECOND]! | restLo(size)) >>> 0;
  }

  /** Whether a key that is not below its range is in it; the halves may be Int32 too. No branch depends on keys. */
  reaches(row: number, hi: number, lo: number): boolean {
    const words = this.#words;
    const second = words[row * WIDTH + SECOND]!;
    const shape = words[row * WIDTH + SHAPE]!;
    if ((shape & IPV6) === 0) return hi >>> 0 <= second;
    const size = (shape >>> SIZE_SHIFT) & SIZE;
    if (size !== ENDS) return (((hi ^ words[row * WIDTH + FIRST]!) & ~restHi(size)) | ((lo ^ second) & ~restLo(size))) === 0;
    return (Number(hi >>> 0 < second) | (Number(hi >>> 0 === second) & Number(lo >>> 0 <= this.#lows[row * LOWS + 1]!))) !== 0;
  }

  /** Of a row's range. */
  #size(row: number): number {
    return (this.#words[row * WIDTH + SHAPE]! >>> SIZE_SHIFT) & SIZE;
  }
}

/** The size of an IPv6 range. */
function sizeOf(firstHi: number, firstLo: number, lastHi: number, lastLo: number): number {
  const hi = firstHi ^ lastHi;
  const size = hi === 0 ? 32 - Math.clz32(firstLo ^ lastLo) : 64 - Math.clz32(hi);
  if (size >= ENDS) return ENDS;
  const isPrefix = (firstHi & restHi(size)) === 0 && (firstLo & restLo(size)) === 0 && hi === restHi(size) && (firstLo ^ lastLo) === restLo(size);
  return isPrefix ? size : ENDS;
}

/** The bits of a key by which those of a prefix of 2^size keys differ. No branch depends on the size. */
function restHi(size: number): number {
  return ~((-1 << size) | -Number(size < 32));
}

function restLo(size: number): number {
  return ~((-1 << size) & -Number(size < 32));
}
