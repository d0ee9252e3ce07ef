import { RdataError } from "./record.ts";
import { RdataReader, concatBytes } from "./rdata-reader.ts";

/** RFC 1035 section 3.3: a character-string has one octet of length. */
const MOST_STRING_OCTETS = 255;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** The strings of a TXT record (RFC 1035 section 3.3.14), which must be UTF-8. Throws RdataError. */
export function decodeTxt(bytes: Uint8Array): string[] {
  return decodeTxtOctets(bytes).map((octets) => {
    try {
      return decoder.decode(octets);
    } catch (cause) {
      throw new RdataError("TXT", "has a string that is not UTF-8", { cause });
    }
  });
}

/** The same as octets, for strings in any encoding. */
export function decodeTxtOctets(bytes: Uint8Array): Uint8Array[] {
  const reader = new RdataReader("TXT", bytes);
  if (reader.remaining === 0) reader.fail("has no string");
  const strings: Uint8Array[] = [];
  while (reader.remaining > 0) strings.push(reader.bytes(reader.uint8("string"), "string"));
  return strings;
}

export function encodeTxt(strings: readonly string[]): Uint8Array {
  return encodeTxtOctets(strings.map((text) => encoder.encode(text)));
}

export function encodeTxtOctets(strings: readonly Uint8Array[]): Uint8Array {
  if (strings.length === 0) throw new RdataError("TXT", "needs at least one string");
  return concatBytes(strings.flatMap((octets) => [lengthOctet(octets), octets]));
}

function lengthOctet(octets: Uint8Array): Uint8Array {
  if (octets.length > MOST_STRING_OCTETS) {
    throw new RdataError("TXT", `has a string of ${octets.length} octets: split it, 255 is the most`);
  }
  return Uint8Array.of(octets.length);
}
