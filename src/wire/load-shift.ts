import type { IpAddress, Words } from "../address/index.ts";
import { EXTENSION_HEADER_OCTETS, ExtensionType } from "./constants.ts";
import { encodeExtensionHeader } from "./extension.ts";
import { Fault, WireError } from "./fault.ts";

const FIXED_OCTETS = 8;
const NAME = 0;
const ALTERNATIVE_HEADER_OCTETS = 2;
const MAX_ALTERNATIVES = 16;
/** RFC 1035 section 2.3.4, as text without the root's dot. */
const MAX_NAME_OCTETS = 253;

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
  if (offset + EXTENSION_HEADER_OCTETS + valueLength > limit || values.length > MAX_ALTERNATIVES) return 0;
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

/** Reads the value of a load-shift extension. One in a checked message is well-formed; otherwise throws WireError. */
export function decodeLoadShift(view: DataView, offset: number, length: number): LoadShift {
  const fault = checkLoadShift(view, offset, length);
  if (fault !== Fault.none) throw new WireError(fault);
  const alternatives: (IpAddress | string)[] = [];
  let at = offset + FIXED_OCTETS;
  for (let index = 0; index < view.getUint8(offset + 1); index++) {
    alternatives.push(decodeAlternative(view, at));
    at = nextAlternative(view, at);
  }
  return { share: view.getUint8(offset), holdMs: view.getUint32(offset + 4), alternatives };
}

export function checkLoadShift(view: DataView, offset: number, length: number): Fault {
  if (length < FIXED_OCTETS || view.getUint8(offset) > 100) return Fault.badExtension;
  const count = view.getUint8(offset + 1);
  if (count > MAX_ALTERNATIVES) return Fault.badExtension;
  const end = offset + length;
  let at = offset + FIXED_OCTETS;
  for (let index = 0; index < count; index++) {
    if (at + ALTERNATIVE_HEADER_OCTETS > end || nextAlternative(view, at) > end) return Fault.badExtension;
    if (!isAlternative(view, at)) return Fault.badExtension;
    at = nextAlternative(view, at);
  }
  return at === end ? Fault.none : Fault.badExtension;
}

function nextAlternative(view: DataView, at: number): number {
  return at + ALTERNATIVE_HEADER_OCTETS + view.getUint8(at + 1);
}

function isAlternative(view: DataView, at: number): boolean {
  const kind = view.getUint8(at);
  const length = view.getUint8(at + 1);
  if (kind !== NAME) return (kind === 4 && length === 4) || (kind === 6 && length === 16);
  if (length === 0 || length > MAX_NAME_OCTETS) return false;
  const value = at + ALTERNATIVE_HEADER_OCTETS;
  for (let octet = value; octet < value + length; octet++) {
    if (!isNameOctet(view.getUint8(octet))) return false;
  }
  return true;
}

/** Letters, digits, hyphens, dots and underscores, as in host and service names; nothing else gets near a log. */
function isNameOctet(octet: number): boolean {
  const lower = octet | 0x20;
  const isLetter = lower >= 0x61 && lower <= 0x7a;
  const isDigit = octet >= 0x30 && octet <= 0x39;
  return isLetter || isDigit || octet === 0x2d || octet === 0x2e || octet === 0x5f;
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
  const value = at + ALTERNATIVE_HEADER_OCTETS;
  if (kind === NAME) return decodeName(view, value, length);
  const word = (index: number): number => (index * 4 < length ? view.getUint32(value + index * 4) : 0);
  const words: Words = [word(0), word(1), word(2), word(3)];
  return { family: kind === 4 ? 4 : 6, words };
}

function decodeName(view: DataView, offset: number, length: number): string {
  let name = "";
  for (let index = 0; index < length; index++) name += String.fromCharCode(view.getUint8(offset + index));
  return name;
}
