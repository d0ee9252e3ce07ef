import type { MappingBody } from "../../wire/index.ts";
import { AddressTable } from "../tables/address-table.ts";
import type { KeyBatch } from "../tables/key-batch.ts";
import { plainMemory } from "../tables/table-memory.ts";
import { type Version, compareVersions } from "../version.ts";
import { RowRanges } from "./row-ranges.ts";
import { ETR, ETR_FAMILY, ETR_SHIFT, EXPIRY, GENERATION, GENERATION_SHIFT, LINEAGE, POSITION, PREFIX, PREFIX_SHIFT, RESULT, SHAPE, TAKEN, TOUCHED, UNPROMISED, VERSION, WIDE, WIDTH } from "./row-shape.ts";
import { MOST_ROWS, UpstreamChains } from "./upstream-chains.ts";

/** No entry. */
export const NO_ENTRY = -1;
/** The upstream of what this server knows by itself. */
export const OWN = 0;

/** Of what is beside it in an array of its own, since hardly a look-up wants it. */
const SIDE_WIDTH = 5;
const NONCE_HI = 0;
const NONCE_LO = 1;
const LEDGER = 2;
/** Two links of the chain of its upstream; of a free row: the next free one. */
const NEXT = 3;

/** Beside wide rows: the lineage of the version, and upper halves of both numbers. */
const WIDES = 3;

export const MOST_ENTRIES = MOST_ROWS;

/**
 * The rows of the cache: one range with its answer each, 52 octets. The 32 of them that look-ups read are in one typed array, so that these
 * are in one line of memory; the others in a second. What few rows have is in further ones, of which only the parts that are written to take
 * memory: both ends of IPv6 ranges that are no prefixes (8 octets more), versions with upper halves (12). Rows of one upstream are chained,
 * so that they can be flushed together: all at once, by the number of their generation, to be taken out one after the other. Links are
 * stored plus one; zero is none.
 */
export class EntryTable extends RowRanges {
  readonly capacity: number;
  readonly #words: Uint32Array;
  readonly #sides: Uint32Array;
  readonly #wides: Uint32Array;
  readonly #etrs: AddressTable;
  /** By upstream. */
  readonly chains: UpstreamChains;
  #free = 0;
  #fresh = 0;
  #size = 0;
  #lowestLineage = Infinity;

  /** `capacity`: at most MOST_ENTRIES; `maxUpstreams`: at most 65,536. */
  constructor(capacity: number, maxUpstreams: number, seed: number, memory = plainMemory) {
    const words = memory.rows(capacity * WIDTH);
    super(words, capacity, memory);
    this.capacity = capacity;
    this.#words = words;
    this.#sides = memory.rows(capacity * SIDE_WIDTH);
    this.#wides = new Uint32Array(capacity * WIDES);
    this.#etrs = new AddressTable(capacity, seed);
    this.chains = new UpstreamChains(maxUpstreams, this.#sides, SIDE_WIDTH, NEXT);
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
    this.#words[entry * WIDTH + SHAPE] = TAKEN | TOUCHED;
    this.setRange(entry, body);
    this.setLedger(entry, 0);
    this.#setAnswer(entry, result, body);
    this.setExpiry(entry, expiryMs);
    this.setNonce(entry, 0, 0);
    this.#chain(entry, upstream);
    this.#size++;
    return entry;
  }

  release(entry: number): void {
    this.chains.remove(entry, this.isVoid(entry));
    this.#releaseEtr(entry);
    this.#words[entry * WIDTH + SHAPE] = 0;
    this.#sides[entry * SIDE_WIDTH + NEXT] = this.#free;
    this.#free = entry + 1;
    if (--this.#size === 0) this.#lowestLineage = Infinity;
  }

  /** Replaces what is answered, not where: mapping, version and position. It is promised then. */
  setAnswer(entry: number, result: number, body: MappingBody): void {
    this.#releaseEtr(entry);
    this.#setAnswer(entry, result, body);
  }

  /** Whether a body's version is above the entry's. */
  isNewer(entry: number, { versionLineage, versionHi, versionLo }: MappingBody): boolean {
    return compareVersions(versionLineage, versionHi, versionLo, this.#versionLineage(entry), this.#versionHi(entry), this.#words[entry * WIDTH + VERSION]!) > 0;
  }

  /** Raises `out` to the entry's version. */
  raiseToVersion(entry: number, out: Version): void {
    out.raise(this.#versionLineage(entry), this.#versionHi(entry), this.#words[entry * WIDTH + VERSION]!);
  }

  /** Whether the position that the entry was answered at is below another. */
  isBelow(entry: number, position: Version): boolean {
    return position.isAbove(this.lineage(entry), this.#positionHi(entry), this.#words[entry * WIDTH + POSITION]!);
  }

  /** No entry of a MAB stands at a position of a lower lineage. */
  get lowestLineage(): number {
    return this.#lowestLineage;
  }

  /** That of the position. */
  lineage(entry: number): number {
    return this.#words[entry * WIDTH + LINEAGE]!;
  }

  /** Whether the entry answers what a body with this result answers. */
  saysSame(entry: number, result: number, body: MappingBody): boolean {
    return (
      this.result(entry) === result &&
      this.#etrFamily(entry) === body.etrFamily &&
      this.#etr(entry, 0) === body.etr0 &&
      this.#etr(entry, 1) === body.etr1 &&
      this.#etr(entry, 2) === body.etr2 &&
      this.#etr(entry, 3) === body.etr3
    );
  }

  hasRange(entry: number, body: MappingBody): boolean {
    return (
      this.firstHi(entry) === body.firstHi &&
      this.firstLo(entry) === body.firstLo &&
      this.lastHi(entry) === body.lastHi &&
      this.lastLo(entry) === body.lastLo &&
      this.prefixLength(entry) === body.prefixLength
    );
  }

  /** Something of the line of memory that look-ups read of each entry of a batch, and of that of its ETR's IPv6 address: these are at hand then. */
  glanceAll({ found, count }: KeyBatch): number {
    let seen = 0;
    for (let key = 0; key < count; key++) if (found[key] !== NO_ENTRY) seen ^= this.#words[found[key]! * WIDTH]!;
    for (let key = 0; key < count; key++) if (found[key] !== NO_ENTRY) seen ^= this.#etr(found[key]!, 0);
    return seen;
  }

  /** Something of the line that the head of its ledger is in, which a new record there needs. */
  glanceAtLedger(entry: number): number {
    return this.#sides[entry * SIDE_WIDTH + LEDGER]!;
  }

  /** Fills all of `body` but what belongs to the reply: caching time, epoch, counter. */
  read(entry: number, body: MappingBody): void {
    const at = entry * WIDTH;
    const words = this.#words;
    const shape = words[at + SHAPE]!;
    const isWide = (shape & WIDE) !== 0;
    body.prefixLength = (shape >>> PREFIX_SHIFT) & PREFIX;
    this.readRange(entry, shape, body);
    this.#readEtr((shape >>> ETR_SHIFT) & ETR_FAMILY, words[at + ETR]!, body);
    body.versionLineage = isWide ? this.#wides[entry * WIDES]! : words[at + LINEAGE]!;
    body.versionHi = isWide ? this.#wides[entry * WIDES + 1]! : 0;
    body.versionLo = words[at + VERSION]!;
    body.positionLineage = words[at + LINEAGE]!;
    body.positionHi = isWide ? this.#wides[entry * WIDES + 2]! : 0;
    body.positionLo = words[at + POSITION]!;
  }

  /** False for a row that is free. */
  isTaken(entry: number): boolean {
    return entry < this.#fresh && (this.#shape(entry) & TAKEN) !== 0;
  }

  prefixLength(entry: number): number {
    return (this.#shape(entry) >>> PREFIX_SHIFT) & PREFIX;
  }

  result(entry: number): number {
    return this.#shape(entry) & RESULT;
  }

  expiry(entry: number): number {
    return this.#words[entry * WIDTH + EXPIRY]!;
  }

  /** The first row from one up to an end whose expiry is not after `untilMs`; the end where there is none. Rows that are free may be given too. */
  nextExpiring(from: number, end: number, untilMs: number): number {
    const words = this.#words;
    const until = untilMs | 0;
    let row = from | 0;
    while (row < (end | 0) && ((words[(row * WIDTH + EXPIRY) | 0]! - until) | 0) > 0) row = (row + 1) | 0;
    return row;
  }

  setExpiry(entry: number, expiryMs: number): void {
    this.#words[entry * WIDTH + EXPIRY] = expiryMs;
  }

  upstream(entry: number): number {
    return this.chains.upstream(entry);
  }

  /** Notes that the entry now stands on another upstream's word. */
  setUpstream(entry: number, upstream: number): void {
    if (this.upstream(entry) === upstream) return;
    this.chains.remove(entry, this.isVoid(entry));
    this.#chain(entry, upstream);
  }

  /** Whether the upstream promised Cache Updates for it; so an entry begins. */
  isPromised(entry: number): boolean {
    return (this.#shape(entry) & UNPROMISED) === 0;
  }

  setPromised(entry: number, isPromised: boolean): void {
    this.#setFlag(entry, UNPROMISED, !isPromised);
  }

  /** The nonce of the request that brought this entry: its upstream's Cache Updates carry it. */
  setNonce(entry: number, hi: number, lo: number): void {
    this.#sides[entry * SIDE_WIDTH + NONCE_HI] = hi;
    this.#sides[entry * SIDE_WIDTH + NONCE_LO] = lo;
  }

  hasNonce(entry: number, hi: number, lo: number): boolean {
    return this.#sides[entry * SIDE_WIDTH + NONCE_HI] === hi && this.#sides[entry * SIDE_WIDTH + NONCE_LO] === lo;
  }

  /** Head of the entry's ledger, a record number plus one; zero when nobody was given it. */
  ledger(entry: number): number {
    return this.#sides[entry * SIDE_WIDTH + LEDGER]!;
  }

  setLedger(entry: number, head: number): void {
    this.#sides[entry * SIDE_WIDTH + LEDGER] = head;
  }

  /** The first entry learnt from an upstream, NO_ENTRY when there is none; go on with `following`. Void ones are not among them. */
  firstOf(upstream: number): number {
    return this.chains.first(upstream);
  }

  /** Whether an entry is to be taken out, and says nothing any more. */
  isVoid(entry: number): boolean {
    return this.chains.voids > 0 && (this.#shape(entry) & GENERATION) >>> GENERATION_SHIFT !== this.chains.generation(this.upstream(entry));
  }

  following(entry: number): number {
    return this.chains.following(entry);
  }

  touch(entry: number): void {
    this.#setFlag(entry, TOUCHED, true);
  }

  isTouched(entry: number): boolean {
    return (this.#shape(entry) & TOUCHED) !== 0;
  }

  /** Whether the entry was touched since this was last asked (CLOCK's reference bit). */
  takeTouched(entry: number): boolean {
    const touched = this.isTouched(entry);
    this.#setFlag(entry, TOUCHED, false);
    return touched;
  }

  #shape(entry: number): number {
    return this.#words[entry * WIDTH + SHAPE]!;
  }

  #setFlag(entry: number, flag: number, isSet: boolean): void {
    const at = entry * WIDTH + SHAPE;
    this.#words[at] = isSet ? this.#words[at]! | flag : this.#words[at]! & ~flag;
  }

  #setAnswer(entry: number, result: number, body: MappingBody): void {
    const at = entry * WIDTH;
    const words = this.#words;
    words[at + ETR] = body.etrFamily === 6 ? this.#etrs.hold(body.etr0, body.etr1, body.etr2, body.etr3) : body.etr0;
    words[at + LINEAGE] = body.positionLineage;
    words[at + VERSION] = body.versionLo;
    words[at + POSITION] = body.positionLo;
    if (body.positionLineage < this.#lowestLineage && (body.positionLineage | body.prefixLength) !== 0) this.#lowestLineage = body.positionLineage;
    const isWide = body.versionLineage !== body.positionLineage || (body.versionHi | body.positionHi) !== 0;
    if (isWide) {
      this.#wides[entry * WIDES] = body.versionLineage;
      this.#wides[entry * WIDES + 1] = body.versionHi;
      this.#wides[entry * WIDES + 2] = body.positionHi;
    }
    const kept = words[at + SHAPE]! & ~(WIDE | UNPROMISED | (PREFIX << PREFIX_SHIFT) | (ETR_FAMILY << ETR_SHIFT) | RESULT);
    words[at + SHAPE] = kept | (isWide ? WIDE : 0) | (body.prefixLength << PREFIX_SHIFT) | (body.etrFamily << ETR_SHIFT) | result;
  }

  #releaseEtr(entry: number): void {
    if (this.#etrFamily(entry) === 6) this.#etrs.release(this.#words[entry * WIDTH + ETR]!);
  }

  #etrFamily(entry: number): number {
    return (this.#shape(entry) >>> ETR_SHIFT) & ETR_FAMILY;
  }

  #etr(entry: number, index: 0 | 1 | 2 | 3): number {
    const etr = this.#words[entry * WIDTH + ETR]!;
    if (this.#etrFamily(entry) === 6) return this.#etrs.word(etr, index);
    return index === 0 ? etr : 0;
  }

  #readEtr(family: number, etr: number, body: MappingBody): void {
    const isIpv6 = family === 6;
    body.etrFamily = family;
    body.etr0 = isIpv6 ? this.#etrs.word(etr, 0) : etr;
    body.etr1 = isIpv6 ? this.#etrs.word(etr, 1) : 0;
    body.etr2 = isIpv6 ? this.#etrs.word(etr, 2) : 0;
    body.etr3 = isIpv6 ? this.#etrs.word(etr, 3) : 0;
  }

  #versionLineage(entry: number): number {
    return this.#isWide(entry) ? this.#wides[entry * WIDES]! : this.#words[entry * WIDTH + LINEAGE]!;
  }

  #versionHi(entry: number): number {
    return this.#isWide(entry) ? this.#wides[entry * WIDES + 1]! : 0;
  }

  #positionHi(entry: number): number {
    return this.#isWide(entry) ? this.#wides[entry * WIDES + 2]! : 0;
  }

  #isWide(entry: number): boolean {
    return (this.#shape(entry) & WIDE) !== 0;
  }

  #take(): number {
    if (this.#free !== 0) {
      const entry = this.#free - 1;
      this.#free = this.#sides[entry * SIDE_WIDTH + NEXT]!;
      return entry;
    }
    return this.#fresh < this.capacity ? this.#fresh++ : NO_ENTRY;
  }

  #chain(entry: number, upstream: number): void {
    const at = entry * WIDTH + SHAPE;
    this.#words[at] = (this.#words[at]! & ~GENERATION) | (this.chains.generation(upstream) << GENERATION_SHIFT);
    this.chains.add(upstream, entry);
  }
}
