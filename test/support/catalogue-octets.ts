import type { Catalogue } from "../../src/core/mabs/catalogue.ts";

/** All octets of a catalogue's columns, and its groups and services as text: all of it but how it came about. */
export function catalogueOctets({ columns }: Catalogue): Buffer {
  const { prefixes, groupOf, groups, services, ipv4, ipv6 } = columns;
  const parts = [prefixes.hi, prefixes.lo, prefixes.lengths, groupOf, ...[ipv4, ipv6].flatMap(({ firstHi, firstLo, prefix, directory }) => [firstHi, firstLo, prefix, directory])];
  const rest = JSON.stringify([parts.map(({ length }) => length), prefixes.ipv4, ipv4.shift, ipv6.shift, groups, services]);
  return Buffer.concat([...parts.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength)), Buffer.from(rest)]);
}
