import { type IpAddress, type Words, ipv4 } from "../../address/index.ts";
import { encodeName } from "./name.ts";
import { RdataReader, concatBytes, uint32Bytes } from "./rdata-reader.ts";

/** The name that NS, CNAME and PTR data consist of (RFC 1035 section 3.3). Throws RdataError. */
export function decodeHostName(bytes: Uint8Array): string {
  const reader = new RdataReader("name data", bytes);
  const name = reader.name("name");
  reader.end();
  return name;
}

export function encodeHostName(name: string): Uint8Array {
  return encodeName(name);
}

/** A data (RFC 1035 section 3.4.1). Throws RdataError. */
export function decodeA(bytes: Uint8Array): IpAddress {
  return readAddress(new RdataReader("A", bytes), 4);
}

/** AAAA data (RFC 3596 section 2.2). Throws RdataError. */
export function decodeAaaa(bytes: Uint8Array): IpAddress {
  return readAddress(new RdataReader("AAAA", bytes), 6);
}

/** Data of an A or AAAA record, by the address's family. */
export function encodeAddress({ family, words }: IpAddress): Uint8Array {
  return concatBytes(words.slice(0, family === 4 ? 1 : 4).map(uint32Bytes));
}

/** One address from a longer field. */
export function nextAddress(reader: RdataReader, family: 4 | 6, what: string): IpAddress {
  if (family === 4) return ipv4(reader.uint32(what));
  const words: Words = [reader.uint32(what), reader.uint32(what), reader.uint32(what), reader.uint32(what)];
  return { family, words };
}

function readAddress(reader: RdataReader, family: 4 | 6): IpAddress {
  const address = nextAddress(reader, family, "address");
  reader.end();
  return address;
}
