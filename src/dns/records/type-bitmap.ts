import { type RdataReader, concatBytes } from "./rdata-reader.ts";

const WINDOW = 256;
const MOST_OCTETS = 32;

/** The types of an NSEC or NSEC3 record, ascending, up to the end of its data (RFC 4034 section 4.1.2). Throws RdataError. */
export function readTypeBitmap(reader: RdataReader): number[] {
  const types: number[] = [];
  let before = -1;
  while (reader.remaining > 0) {
    const window = reader.uint8("window");
    const octets = reader.bytes(reader.uint8("bitmap length"), "bitmap");
    if (window <= before) reader.fail("has windows of types that do not ascend");
    if (octets.length === 0 || octets.length > MOST_OCTETS || octets.at(-1) === 0) reader.fail("has a bitmap of types with a wrong length");
    for (let bit = 0; bit < octets.length * 8; bit++) {
      if ((octets[bit >>> 3]! & (0x80 >>> (bit & 7))) !== 0) types.push(window * WINDOW + bit);
    }
    before = window;
  }
  return types;
}

export function encodeTypeBitmap(types: readonly number[]): Uint8Array {
  const bitmaps = new Map<number, number[]>();
  for (const type of types.toSorted((a, b) => a - b)) {
    const window = Math.floor(type / WINDOW);
    const octets = bitmaps.get(window) ?? [];
    const at = (type % WINDOW) >>> 3;
    while (octets.length <= at) octets.push(0);
    octets[at]! |= 0x80 >>> (type & 7);
    bitmaps.set(window, octets);
  }
  return concatBytes([...bitmaps].flatMap(([window, octets]) => [Uint8Array.of(window, octets.length), Uint8Array.from(octets)]));
}
