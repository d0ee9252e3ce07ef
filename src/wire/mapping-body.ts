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
  const shape = view.getUint32(40);
  const family = (shape >>> 16) & 0xff;
  const prefixLength = (shape >>> 8) & 0xff;
  const etrFamily = shape & 0xff;
  into.family = family;
  into.prefixLength = prefixLength;
  into.etrFamily = etrFamily;
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
  const isRange = readRange(view, family, prefixLength, into);
  const isEtr = readEtr(view, etrFamily, into);
  if (family !== 0 && family !== 4 && family !== 6) return Fault.badFamily;
  if (prefixLength > (family === 0 ? 0 : family === 4 ? 32 : 64)) return Fault.badPrefixLength;
  if (!isEtr) return Fault.badEtrFamily;
  return isRange ? Fault.none : Fault.badRange;
}

/** Reads the range; gives whether it is one of its family, and lies in its MAB. */
function readRange(view: DataView, family: number, prefixLength: number, into: MappingBody): boolean {
  const firstHi = view.getUint32(88);
  const firstLo = view.getUint32(92);
  const lastHi = view.getUint32(96);
  const lastLo = view.getUint32(100);
  into.firstHi = firstHi;
  into.firstLo = firstLo;
  into.lastHi = lastHi;
  into.lastLo = lastLo;
  const isOfFamily = family === 6 || ((firstLo | lastLo) === 0 && (family !== 0 || (firstHi | lastHi) === 0));
  const isOrdered = firstHi === lastHi ? firstLo <= lastLo : firstHi < lastHi;
  const outside = ((firstHi ^ lastHi) & maskBits(prefixLength)) | ((firstLo ^ lastLo) & maskBits(prefixLength - 32));
  return isOfFamily && isOrdered && outside === 0;
}

/** Reads the ETR's address; gives whether it is one of its family. */
function readEtr(view: DataView, family: number, into: MappingBody): boolean {
  const etr0 = view.getUint32(104);
  const etr1 = view.getUint32(108);
  const etr2 = view.getUint32(112);
  const etr3 = view.getUint32(116);
  into.etr0 = etr0;
  into.etr1 = etr1;
  into.etr2 = etr2;
  into.etr3 = etr3;
  const beyondIpv4 = etr1 | etr2 | etr3;
  return family === 6 || (beyondIpv4 === 0 && (family === 4 || (family === 0 && etr0 === 0)));
}

/** Whether the range of a checked body is the whole of its MAB. */
export function isWholeMab({ family, prefixLength, firstHi, firstLo, lastHi, lastLo }: MappingBody): boolean {
  const hostHi = ~maskBits(prefixLength);
  const hostLo = family === 4 ? 0 : ~maskBits(prefixLength - 32);
  return ((firstHi & hostHi) | (firstLo & hostLo) | (~lastHi & hostHi) | (~lastLo & hostLo)) === 0;
}
