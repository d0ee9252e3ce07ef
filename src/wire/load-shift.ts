import { type Family, type IpAddress, type Words } from "../address/index.ts";
import { ExtensionType } from "./constants.ts";
import { encodeExtensionHeader } from "./extension.ts";
import { Fault, WireError } from "./fault.ts";

const FIXED_OCTETS = 8;
const NAME = 0;
const MAX_ALTERNATIVES = 16;
/** Letters, digits, hyphens, dots and underscores, as in host names; nothing else gets near a log. */
const NAME_PATTERN = /^[A-Za-z0-9._-]{1,253}$/;

/** A QSA's wish to keep only a share of the load it now has from this querier (docs/protocol.md section 6.2). */
export interface LoadShift {
  /** Per cent, 0 to 100. */
  readonly share: number;
  readonly holdMs: number;
  /** Addresses or names of QSAs to go to; only those that DNS lists for the service count. */
  readonly alternatives: readonly (IpAddress | string)[];
}

/** Appends the extension; gives the message's new length, or 0 when it would exceed `limit`. */
export function appendLoadShift(view: DataView, offset: number, limit: number, shift: LoadShift): number {
  const values = shift.alternatives.map(encodeAlternative);
  const valueLength = values.reduce((sum, value) => sum + value.length, FIXED_OCTETS);
  if (offset + 4 + valueLength > limit || values.length > MAX_ALTERNATIVES) return 0;
  let at = encodeExtensionHeader(view, offset, ExtensionType.loadShift, valueLength);
  view.setUint8(at, shift.share);
  view.setUint8(at + 1, values.length);
  view.setUint16(at + 2, 0);
  view.setUint32(at + 4, shift.holdMs);
  at += FIXED_OCTETS;
  for (const value of values) {
    for (const octet of value) view.setUint8(at++, octet);
  }
  return at;
}

/** Reads the value of a load-shift extension. Throws WireError. */
export function decodeLoadShift(view: DataView, offset: number, length: number): LoadShift {
  if (length < FIXED_OCTETS) throw new WireError(Fault.badExtension);
  const share = view.getUint8(offset);
  const count = view.getUint8(offset + 1);
  if (share > 100 || count > MAX_ALTERNATIVES) throw new WireError(Fault.badExtension);
  const alternatives: (IpAddress | string)[] = [];
  const end = offset + length;
  let at = offset + FIXED_OCTETS;
  for (let index = 0; index < count; index++) {
    if (at + 2 > end || at + 2 + view.getUint8(at + 1) > end) throw new WireError(Fault.badExtension);
    alternatives.push(decodeAlternative(view, at));
    at += 2 + view.getUint8(at + 1);
  }
  if (at !== end) throw new WireError(Fault.badExtension);
  return { share, holdMs: view.getUint32(offset + 4), alternatives };
}

function encodeAlternative(alternative: IpAddress | string): number[] {
  if (typeof alternative === "string") return [NAME, alternative.length, ...Array.from(alternative, (letter) => letter.charCodeAt(0) & 255)];
  const words = alternative.family === 4 ? alternative.words.slice(0, 1) : alternative.words;
  const octets = words.flatMap((word) => [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255]);
  return [alternative.family, octets.length, ...octets];
}

function decodeAlternative(view: DataView, at: number): IpAddress | string {
  const kind = view.getUint8(at);
  const length = view.getUint8(at + 1);
  if (kind === NAME) return decodeName(view, at + 2, length);
  if (!(kind === 4 && length === 4) && !(kind === 6 && length === 16)) throw new WireError(Fault.badExtension);
  const word = (index: number): number => (index * 4 < length ? view.getUint32(at + 2 + index * 4) : 0);
  const words: Words = [word(0), word(1), word(2), word(3)];
  return { family: kind satisfies Family, words };
}

function decodeName(view: DataView, offset: number, length: number): string {
  let name = "";
  for (let index = 0; index < length; index++) name += String.fromCharCode(view.getUint8(offset + index));
  if (!NAME_PATTERN.test(name)) throw new WireError(Fault.badExtension);
  return name;
}
