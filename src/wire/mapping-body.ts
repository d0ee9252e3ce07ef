import { maskBits } from "../address/index.ts";
import { Fault } from "./fault.ts";

/** Where the words of a body begin, after the octets that say what it is. */
const WORDS_AT = 44;
const WORDS = 19;
/** The word that says nothing: sent as zero, and not looked at. */
const RESERVED = 10;

/**
 * What Map Reply and Cache Update share: a range, its mapping, and how new it is (docs/protocol.md section 5.3). All of it but three octets are
 * words, which lie here as they are sent, so that short loops read and write them.
 */
export class MappingBody {
  readonly words = new Uint32Array(WORDS);
  /** 0 (no range), 4 or 6. */
  family = 0;
  /** Length of the MAB's prefix around the range. */
  prefixLength = 0;
  /** 0 (no ETR), 4 or 6. */
  etrFamily = 0;

  /** Milliseconds. */
  get cachingMs(): number {
    return this.words[0]!;
  }
  set cachingMs(value: number) {
    this.words[0] = value;
  }

  get epochHi(): number {
    return this.words[1]!;
  }
  set epochHi(value: number) {
    this.words[1] = value;
  }

  get epochLo(): number {
    return this.words[2]!;
  }
  set epochLo(value: number) {
    this.words[2] = value;
  }

  get versionLineage(): number {
    return this.words[3]!;
  }
  set versionLineage(value: number) {
    this.words[3] = value;
  }

  get versionHi(): number {
    return this.words[4]!;
  }
  set versionHi(value: number) {
    this.words[4] = value;
  }

  get versionLo(): number {
    return this.words[5]!;
  }
  set versionLo(value: number) {
    this.words[5] = value;
  }

  get positionLineage(): number {
    return this.words[6]!;
  }
  set positionLineage(value: number) {
    this.words[6] = value;
  }

  get positionHi(): number {
    return this.words[7]!;
  }
  set positionHi(value: number) {
    this.words[7] = value;
  }

  get positionLo(): number {
    return this.words[8]!;
  }
  set positionLo(value: number) {
    this.words[8] = value;
  }

  /** Map Reply: the last update number issued to this querier. Cache Update: the number of this update. */
  get counter(): number {
    return this.words[9]!;
  }
  set counter(value: number) {
    this.words[9] = value;
  }

  get firstHi(): number {
    return this.words[11]!;
  }
  set firstHi(value: number) {
    this.words[11] = value;
  }

  get firstLo(): number {
    return this.words[12]!;
  }
  set firstLo(value: number) {
    this.words[12] = value;
  }

  get lastHi(): number {
    return this.words[13]!;
  }
  set lastHi(value: number) {
    this.words[13] = value;
  }

  get lastLo(): number {
    return this.words[14]!;
  }
  set lastLo(value: number) {
    this.words[14] = value;
  }

  /** The ETR's address; an IPv4 one is etr0. */
  get etr0(): number {
    return this.words[15]!;
  }
  set etr0(value: number) {
    this.words[15] = value;
  }

  get etr1(): number {
    return this.words[16]!;
  }
  set etr1(value: number) {
    this.words[16] = value;
  }

  get etr2(): number {
    return this.words[17]!;
  }
  set etr2(value: number) {
    this.words[17] = value;
  }

  get etr3(): number {
    return this.words[18]!;
  }
  set etr3(value: number) {
    this.words[18] = value;
  }

  /** Says nothing any more. */
  clear(): void {
    const { words } = this;
    for (let word = 0; word < WORDS; word++) words[word] = 0;
    this.family = 0;
    this.prefixLength = 0;
    this.etrFamily = 0;
  }

  /** Becomes the same as another. */
  set(other: MappingBody): void {
    this.words.set(other.words);
    this.family = other.family;
    this.prefixLength = other.prefixLength;
    this.etrFamily = other.etrFamily;
  }
}

/** Writes octets 40 to 119; `code` is the result or the action. */
export function encodeMappingBody(view: DataView, code: number, body: MappingBody): void {
  const { words } = body;
  view.setUint32(40, (code << 24) | (body.family << 16) | (body.prefixLength << 8) | body.etrFamily);
  for (let word = 0; word < WORDS; word++) view.setUint32(WORDS_AT + 4 * word, words[word]!);
}

export function decodeMappingBody(view: DataView, into: MappingBody): Fault {
  const { words } = into;
  const shape = view.getUint32(40);
  into.family = (shape >>> 16) & 0xff;
  into.prefixLength = (shape >>> 8) & 0xff;
  into.etrFamily = shape & 0xff;
  for (let word = 0; word < WORDS; word++) words[word] = view.getUint32(WORDS_AT + 4 * word);
  words[RESERVED] = 0;
  return checkMappingBody(into);
}

function checkMappingBody(body: MappingBody): Fault {
  const { family, etrFamily } = body;
  if (family !== 0 && family !== 4 && family !== 6) return Fault.badFamily;
  if (body.prefixLength > (family === 0 ? 0 : family === 4 ? 32 : 64)) return Fault.badPrefixLength;
  if (etrFamily !== 0 && etrFamily !== 4 && etrFamily !== 6) return Fault.badEtrFamily;
  if (etrFamily !== 6 && (body.etr1 | body.etr2 | body.etr3) !== 0) return Fault.badEtrFamily;
  if (etrFamily === 0 && body.etr0 !== 0) return Fault.badEtrFamily;
  if (family !== 6 && (body.firstLo | body.lastLo) !== 0) return Fault.badRange;
  if (family === 0 && (body.firstHi | body.lastHi) !== 0) return Fault.badRange;
  const ordered = body.firstHi === body.lastHi ? body.firstLo <= body.lastLo : body.firstHi < body.lastHi;
  return ordered && liesInMab(body) ? Fault.none : Fault.badRange;
}

function liesInMab({ prefixLength, firstHi, firstLo, lastHi, lastLo }: MappingBody): boolean {
  return (((firstHi ^ lastHi) & maskBits(prefixLength)) | ((firstLo ^ lastLo) & maskBits(prefixLength - 32))) === 0;
}

/** Whether the range of a checked body is the whole of its MAB. */
export function isWholeMab({ family, prefixLength, firstHi, firstLo, lastHi, lastLo }: MappingBody): boolean {
  const hostHi = ~maskBits(prefixLength);
  const hostLo = family === 4 ? 0 : ~maskBits(prefixLength - 32);
  return ((firstHi & hostHi) | (firstLo & hostLo) | (~lastHi & hostHi) | (~lastLo & hostLo)) === 0;
}
