import { RdataError, concatBytes } from "../records/index.ts";

const encoder = new TextEncoder();

/** Octets of a character-string, `\DDD` and `\X` undone (RFC 1035 section 5.1); other characters as UTF-8. */
export function unescapeOctets(text: string): Uint8Array {
  if (!text.includes("\\")) return encoder.encode(text);
  const parts = text.matchAll(/\\(\d{1,3}|[^\d])|([^\\]+)/gu);
  return concatBytes(Array.from(parts, ([, escape, plain]) => (plain === undefined ? escapedOctets(escape!) : encoder.encode(plain))));
}

/** In quotes, everything outside printable ASCII as `\DDD`. */
export function quoteOctets(octets: Uint8Array): string {
  let text = "";
  for (const octet of octets) text += quotedOctet(octet);
  return `"${text}"`;
}

function escapedOctets(escape: string): Uint8Array {
  if (!/^\d/.test(escape)) return encoder.encode(escape);
  if (escape.length < 3 || Number(escape) > 255) {
    throw new RdataError("string", `has the escape \\${escape}: write \\000 to \\255`);
  }
  return Uint8Array.of(Number(escape));
}

function quotedOctet(octet: number): string {
  if (octet < 0x20 || octet > 0x7e) return `\\${String(octet).padStart(3, "0")}`;
  const character = String.fromCharCode(octet);
  return character === '"' || character === "\\" ? `\\${character}` : character;
}
