import { RdataError, concatBytes } from "../records/index.ts";

/** RFC 9460 appendix A.1: items are divided by commas; `\,` and `\\` stand for the octets themselves. */
const COMMA = 0x2c;
const BACKSLASH = 0x5c;

export function splitValueList(octets: Uint8Array): Uint8Array[] {
  const items: number[][] = [[]];
  for (let at = 0; at < octets.length; at++) {
    const octet = octets[at]!;
    if (octet === COMMA) items.push([]);
    else items.at(-1)!.push(octet === BACKSLASH ? escaped(octets[++at]) : octet);
  }
  return items.map((item) => Uint8Array.from(item));
}

export function joinValueList(items: readonly Uint8Array[]): Uint8Array {
  const separator = Uint8Array.of(COMMA);
  return concatBytes(items.flatMap((item, index) => (index === 0 ? [escapeItem(item)] : [separator, escapeItem(item)])));
}

function escaped(octet: number | undefined): number {
  if (octet !== COMMA && octet !== BACKSLASH) throw new RdataError("value list", "has a \\ before neither comma nor \\");
  return octet;
}

function escapeItem(item: Uint8Array): Uint8Array {
  return Uint8Array.from(Array.from(item).flatMap((octet) => (octet === COMMA || octet === BACKSLASH ? [BACKSLASH, octet] : [octet])));
}
