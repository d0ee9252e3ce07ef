import { encodeName } from "./name.ts";
import { RdataReader, concatBytes } from "./rdata-reader.ts";
import { encodeTypeBitmap, readTypeBitmap } from "./type-bitmap.ts";

/** What is at a name, and that nothing is between it and the next (RFC 4034 section 4). */
export interface Nsec {
  readonly next: string;
  /** Ascending. */
  readonly types: readonly number[];
}

/** Throws RdataError. */
export function decodeNsec(bytes: Uint8Array): Nsec {
  const reader = new RdataReader("NSEC", bytes);
  return { next: reader.name("next name"), types: readTypeBitmap(reader) };
}

export function encodeNsec({ next, types }: Nsec): Uint8Array {
  return concatBytes([encodeName(next), encodeTypeBitmap(types)]);
}
