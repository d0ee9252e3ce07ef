import { printable } from "../../address/printable.ts";
import { RdataError } from "./record.ts";

/** RFC 1035 section 2.3.4. */
export const MOST_LABEL_OCTETS = 63;
export const MOST_NAME_OCTETS = 255;
const DOT = 0x2e;
const BACKSLASH = 0x5c;
/** Names are read by the hundred thousand, in transfers. */
const TEXT_OF_OCTET: readonly string[] = Array.from({ length: 256 }, (_, octet) => textOfOctet(octet));

export interface DecodedName {
  /** Lower-case, absolute, escaped. */
  readonly name: string;
  /** Offset of the first octet after the name. */
  readonly next: number;
}

/** The wire form of a name, lower-case and uncompressed; a missing last dot is taken as there. Throws RdataError. */
export function encodeName(text: string): Uint8Array {
  return encodePlain(text) ?? encodeLabels(splitLabels(text), text);
}

/** Reads an uncompressed name (RFC 3597 section 4 asks for no other in new types). Throws RdataError. */
export function decodeName(bytes: Uint8Array, offset: number): DecodedName {
  const next = endOfName(bytes, offset);
  let name = "";
  for (let at = offset; at < next - 1; at += 1 + bytes[at]!) name += `${formatLabel(bytes, at + 1, at + 1 + bytes[at]!)}.`;
  return { name: name === "" ? "." : name, next };
}

/** Offset of the first octet after an uncompressed name. Throws RdataError. */
export function endOfName(bytes: Uint8Array, offset: number): number {
  let at = offset;
  for (;;) {
    const length = bytes[at];
    if (length === undefined) throw new RdataError("name", "is cut off");
    if (length > MOST_LABEL_OCTETS) throw new RdataError("name", "is compressed or has an unknown label type");
    if (at + 1 + length - offset > MOST_NAME_OCTETS) throw new RdataError("name", "is longer than 255 octets");
    if (length === 0) return at + 1;
    if (at + 1 + length > bytes.length) throw new RdataError("name", "is cut off");
    at += 1 + length;
  }
}

/** The form that ResourceRecord uses: lower-case, absolute, escapes only where needed. Throws RdataError. */
export function normaliseName(text: string): string {
  return decodeName(encodeName(text), 0).name;
}

/** Labels of an absolute or relative name, unescaped, in reading order; none for the root. Throws RdataError. */
export function splitLabels(text: string): Uint8Array[] {
  if (text === ".") return [];
  const labels: Uint8Array[] = [];
  let label: number[] = [];
  for (let at = 0; at < text.length; ) {
    if (text[at] === ".") {
      labels.push(finishLabel(label, text));
      label = [];
      at++;
    } else {
      const { octet, next } = readOctet(text, at);
      label.push(octet);
      at = next;
    }
  }
  if (!endsWithDot(text)) labels.push(finishLabel(label, text));
  return labels;
}

export function joinLabels(labels: readonly string[]): string {
  return labels.length === 0 ? "." : `${labels.join(".")}.`;
}

/** Whether a name ends in an unescaped dot, and so is absolute. */
export function endsWithDot(text: string): boolean {
  return /(?:^|[^\\])(?:\\\\)*\.$/.test(text);
}

/** Canonical order (RFC 4034 section 6.1): by label from the right, octets as unsigned. */
export function compareNames(a: string, b: string): number {
  const left = splitLabels(a).toReversed();
  const right = splitLabels(b).toReversed();
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const order = compareOctets(left[index]!, right[index]!);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/** Whether `name` is `ancestor` or below it; both in ResourceRecord form. */
export function isSubdomain(name: string, ancestor: string): boolean {
  if (ancestor === "." || name === ancestor) return true;
  return name.endsWith(`.${ancestor}`) && endsWithDot(name.slice(0, -ancestor.length));
}

/** The name without its first label; that of the root is the root. In ResourceRecord form. */
export function parentOf(name: string): string {
  let dot = name.indexOf(".");
  while (dot >= 0 && !endsWithDot(name.slice(0, dot + 1))) dot = name.indexOf(".", dot + 1);
  return dot < 0 || dot === name.length - 1 ? "." : name.slice(dot + 1);
}

/** The name itself, and all above it but the root, the nearest first. In ResourceRecord form. */
export function ancestorsOf(name: string): string[] {
  return name === "." ? [] : [name, ...ancestorsOf(parentOf(name))];
}

/** Of a name without escapes, as nearly all are; undefined for others, and where the other way must say what is wrong. */
function encodePlain(text: string): Uint8Array | undefined {
  const end = text.endsWith(".") ? text.length - 1 : text.length;
  if (end === 0 || end + 2 > MOST_NAME_OCTETS) return undefined;
  const octets = new Uint8Array(end + 2);
  let first = 0;
  for (let at = 0; at <= end; at++) {
    const octet = at === end ? DOT : text.charCodeAt(at);
    if (octet === DOT) {
      if (at === first || at - first > MOST_LABEL_OCTETS) return undefined;
      octets[first] = at - first;
      first = at + 1;
    } else if (octet < 0x21 || octet > 0x7e || octet === BACKSLASH) {
      return undefined;
    } else {
      octets[at + 1] = lowerCase(octet);
    }
  }
  return octets;
}

function encodeLabels(labels: readonly Uint8Array[], text: string): Uint8Array {
  const length = labels.reduce((total, label) => total + 1 + label.length, 1);
  if (length > MOST_NAME_OCTETS) throw new RdataError(`name "${printable(text)}"`, "is longer than 255 octets");
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const label of labels) {
    bytes[at] = label.length;
    bytes.set(label, at + 1);
    at += 1 + label.length;
  }
  return bytes;
}

function finishLabel(octets: readonly number[], text: string): Uint8Array {
  if (octets.length === 0) throw new RdataError(`name "${printable(text)}"`, "has an empty label");
  if (octets.length > MOST_LABEL_OCTETS) throw new RdataError(`name "${printable(text)}"`, "has a label longer than 63 octets");
  return Uint8Array.from(octets, lowerCase);
}

function lowerCase(octet: number): number {
  return octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet;
}

/** One octet of text, `\DDD` and `\X` undone (RFC 1035 section 5.1). */
function readOctet(text: string, at: number): { octet: number; next: number } {
  if (text[at] !== "\\") {
    const octet = text.charCodeAt(at);
    if (octet > 0x7e || octet < 0x21) throw new RdataError(`name "${printable(text)}"`, "has a character that must be escaped");
    return { octet, next: at + 1 };
  }
  const digits = /^\d{3}/.exec(text.slice(at + 1, at + 4))?.[0];
  if (digits !== undefined && Number(digits) < 256) return { octet: Number(digits), next: at + 4 };
  const octet = text.charCodeAt(at + 1);
  if (!(octet >= 0x20 && octet <= 0x7e) || /\d/.test(text[at + 1]!)) {
    throw new RdataError(`name "${printable(text)}"`, "has a broken \\ escape: write \\DDD (000 to 255) or \\ and a character");
  }
  return { octet, next: at + 2 };
}

/** A label as text, lower-case, with the escapes that ResourceRecord names have. */
export function formatLabel(octets: Uint8Array, from: number, to: number): string {
  let text = "";
  for (let at = from; at < to; at++) text += TEXT_OF_OCTET[octets[at]!]!;
  return text;
}

function textOfOctet(raw: number): string {
  const octet = lowerCase(raw);
  if (octet < 0x21 || octet > 0x7e) return `\\${String(octet).padStart(3, "0")}`;
  const character = String.fromCharCode(octet);
  return '.\\"();@$'.includes(character) ? `\\${character}` : character;
}

/** As RFC 4034 section 6 compares labels and data. */
export function compareOctets(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let index = 0; index < shared; index++) {
    if (a[index] !== b[index]) return a[index]! - b[index]!;
  }
  return a.length - b.length;
}
