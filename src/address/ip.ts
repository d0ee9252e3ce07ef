import { AddressError } from "./errors.ts";
import type { Family } from "./key.ts";

/** A whole IP address as four uint32; an IPv4 address is the first, the others are zero. */
export interface IpAddress {
  readonly family: Family;
  readonly words: readonly [number, number, number, number];
}

export type Words = readonly [number, number, number, number];

/**
 * Reads one address strictly: four decimal octets without leading zeros, or RFC 4291 section 2.2 text (the mixed form
 * with a dotted quad included). No zone identifiers. Throws AddressError.
 */
export function parseIp(text: string): IpAddress {
  return text.includes(":") ? parseIpv6(text) : ipv4(parseIpv4Word(text, text));
}

export function ipv4(word: number): IpAddress {
  return { family: 4, words: [word, 0, 0, 0] };
}

/** The address as text; IPv6 in the canonical form of RFC 5952. */
export function formatIp(address: IpAddress): string {
  return formatWords(address.family, ...address.words);
}

export function formatWords(family: Family, w0: number, w1: number, w2: number, w3: number): string {
  if (family === 4) return formatIpv4(w0);
  return w2 === 0 && w3 === 0 ? formatNetwork(w0, w1) : formatIpv6([w0, w1, w2, w3]);
}

/** `198.51.100.1:4344` or `[2001:db8::1]:4344`. */
export function formatEndpoint(address: IpAddress, port: number): string {
  return address.family === 4 ? `${formatIp(address)}:${port}` : `[${formatIp(address)}]:${port}`;
}

export function sameIp(a: IpAddress, b: IpAddress): boolean {
  return a.family === b.family && a.words.every((word, index) => word === b.words[index]);
}

/** 127.0.0.0/8 and ::1 (RFC 6890). */
export function isLoopback({ family, words }: IpAddress): boolean {
  return family === 4 ? words[0] >>> 24 === 127 : words.every((word, at) => word === (at === 3 ? 1 : 0));
}

export function isUnspecified(address: IpAddress): boolean {
  return address.words.every((word) => word === 0);
}

/** `::ffff:192.0.2.7` (RFC 4291 section 2.5.5.2) as the IPv4 address it stands for; any other address as it is. */
export function unmapped(address: IpAddress): IpAddress {
  const [first, second, third, last] = address.words;
  const isMapped = address.family === 6 && first === 0 && second === 0 && third === 0xffff;
  return isMapped ? ipv4(last) : address;
}

function parseIpv4Word(text: string, whole: string): number {
  const parts = text.split(".");
  if (parts.length !== 4) throw new AddressError(whole, "is not an IPv4 or IPv6 address");
  return parts.reduce((word, part) => word * 256 + parseOctet(part, whole), 0);
}

function parseOctet(part: string, whole: string): number {
  if (!/^\d{1,3}$/.test(part)) throw new AddressError(whole, "is not an IPv4 or IPv6 address");
  if (part.length > 1 && part.startsWith("0")) {
    throw new AddressError(whole, `has an octet with a leading zero (${part}): write it in decimal`);
  }
  const octet = Number(part);
  if (octet > 255) throw new AddressError(whole, `has an octet above 255 (${part})`);
  return octet;
}

function parseIpv6(text: string): IpAddress {
  const halves = text.split("::");
  if (halves.length > 2) throw new AddressError(text, 'is not an IPv6 address: "::" may appear once');
  const head = parseGroups(halves[0] ?? "", text);
  if (halves.length === 1) {
    if (head.length !== 8) throw new AddressError(text, "is not an IPv6 address: it needs 8 groups");
    return ipv6FromGroups(head);
  }
  const tail = parseGroups(halves[1] ?? "", text);
  const missing = 8 - head.length - tail.length;
  if (missing < 1) throw new AddressError(text, "is not an IPv6 address: it has too many groups");
  return ipv6FromGroups([...head, ...Array.from({ length: missing }, () => 0), ...tail]);
}

function parseGroups(text: string, whole: string): number[] {
  if (text === "") return [];
  const parts = text.split(":");
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (part.includes(".") && index === parts.length - 1) {
      const word = parseIpv4Word(part, whole);
      groups.push(word >>> 16, word & 0xffff);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16));
    } else {
      throw new AddressError(whole, "is not an IPv6 address");
    }
  }
  return groups;
}

function ipv6FromGroups(groups: readonly number[]): IpAddress {
  const word = (index: number): number => ((groups[index * 2]! << 16) | groups[index * 2 + 1]!) >>> 0;
  return { family: 6, words: [word(0), word(1), word(2), word(3)] };
}

function formatIpv4(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`;
}

function formatIpv6(words: Words): string {
  if (words[0] === 0 && words[1] === 0 && words[2] === 0xffff) return `::ffff:${formatIpv4(words[3])}`;
  const groups = words.flatMap((word) => [word >>> 16, word & 0xffff]);
  const { start, length } = longestZeroRun(groups);
  if (length < 2) return hexGroups(groups);
  return `${hexGroups(groups.slice(0, start))}::${hexGroups(groups.slice(start + length))}`;
}

/** One whose lower half is zero, as of a prefix: no other run of zeros is as long as that at its end. */
function formatNetwork(w0: number, w1: number): string {
  const [first, second, third, fourth] = [w0 >>> 16, w0 & 0xffff, w1 >>> 16, w1 & 0xffff];
  if (fourth !== 0) return `${first.toString(16)}:${second.toString(16)}:${third.toString(16)}:${fourth.toString(16)}::`;
  if (third !== 0) return `${first.toString(16)}:${second.toString(16)}:${third.toString(16)}::`;
  if (second !== 0) return `${first.toString(16)}:${second.toString(16)}::`;
  return first === 0 ? "::" : `${first.toString(16)}::`;
}

function hexGroups(groups: readonly number[]): string {
  return groups.map((group) => group.toString(16)).join(":");
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (let index = 0; index <= groups.length; index++) {
    if (groups[index] === 0) continue;
    if (index - start > best.length) best = { start, length: index - start };
    start = index + 1;
  }
  return best;
}
