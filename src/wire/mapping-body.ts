import { maskBits } from "../address/index.ts";
import { Fault } from "./fault.ts";

/** What Map Reply and Cache Update share: a range, its mapping, and how new it is (docs/protocol.md section 5.3). */
export class MappingBody {
  /** 0 (no range), 4 or 6. */
  family = 0;
  /** Length of the MAB's prefix around the range. */
  prefixLength = 0;
  /** 0 (no ETR), 4 or 6. */
  etrFamily = 0;
  /** Milliseconds. */
  cachingMs = 0;
  epochHi = 0;
  epochLo = 0;
  versionLineage = 0;
  versionHi = 0;
  versionLo = 0;
  positionLineage = 0;
  positionHi = 0;
  positionLo = 0;
  /** Map Reply: the last update number issued to this querier. Cache Update: the number of this update. */
  counter = 0;
  firstHi = 0;
  firstLo = 0;
  lastHi = 0;
  lastLo = 0;
  /** The ETR's address; an IPv4 one is etr0. */
  etr0 = 0;
  etr1 = 0;
  etr2 = 0;
  etr3 = 0;
}

/** Writes octets 40 to 119; `code` is the result or the action. */
export function encodeMappingBody(view: DataView, code: number, body: MappingBody): void {
  view.setUint32(40, ((code << 24) | (body.family << 16) | (body.prefixLength << 8) | body.etrFamily) >>> 0);
  view.setUint32(44, body.cachingMs);
  view.setUint32(48, body.epochHi);
  view.setUint32(52, body.epochLo);
  view.setUint32(56, body.versionLineage);
  view.setUint32(60, body.versionHi);
  view.setUint32(64, body.versionLo);
  view.setUint32(68, body.positionLineage);
  view.setUint32(72, body.positionHi);
  view.setUint32(76, body.positionLo);
  view.setUint32(80, body.counter);
  view.setUint32(84, 0);
  view.setUint32(88, body.firstHi);
  view.setUint32(92, body.firstLo);
  view.setUint32(96, body.lastHi);
  view.setUint32(100, body.lastLo);
  view.setUint32(104, body.etr0);
  view.setUint32(108, body.etr1);
  view.setUint32(112, body.etr2);
  view.setUint32(116, body.etr3);
}

export function decodeMappingBody(view: DataView, into: MappingBody): Fault {
  into.family = view.getUint8(41);
  into.prefixLength = view.getUint8(42);
  into.etrFamily = view.getUint8(43);
  into.cachingMs = view.getUint32(44);
  into.epochHi = view.getUint32(48);
  into.epochLo = view.getUint32(52);
  into.versionLineage = view.getUint32(56);
  into.versionHi = view.getUint32(60);
  into.versionLo = view.getUint32(64);
  into.positionLineage = view.getUint32(68);
  into.positionHi = view.getUint32(72);
  into.positionLo = view.getUint32(76);
  into.counter = view.getUint32(80);
  into.firstHi = view.getUint32(88);
  into.firstLo = view.getUint32(92);
  into.lastHi = view.getUint32(96);
  into.lastLo = view.getUint32(100);
  into.etr0 = view.getUint32(104);
  into.etr1 = view.getUint32(108);
  into.etr2 = view.getUint32(112);
  into.etr3 = view.getUint32(116);
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
