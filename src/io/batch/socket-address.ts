import type { Family, IpAddress } from "../../address/index.ts";

/** struct sockaddr_in and sockaddr_in6 (ip(7), ipv6(7)): the longer one's octets, and room to the next multiple of eight. */
export const SOCKET_ADDRESS_OCTETS = 32;

const AF_INET = 2;
const AF_INET6 = 10;
const IPV4_OCTETS = 16;
const IPV6_OCTETS = 28;
const PORT = 2;
const IPV4_ADDRESS = 4;
const IPV6_ADDRESS = 8;
const IPV6_SCOPE = 24;

/** The kernel's number of an address family. */
export function familyNumber(family: Family): number {
  return family === 4 ? AF_INET : AF_INET6;
}

export function socketAddressLength(family: Family): number {
  return family === 4 ? IPV4_OCTETS : IPV6_OCTETS;
}

export function writeSocketAddress(view: DataView, at: number, { family, words }: IpAddress, port: number): void {
  writeEndpoint(view, at, family, words[0], words[1], words[2], words[3], port);
}

export function writeEndpoint(view: DataView, at: number, family: Family, w0: number, w1: number, w2: number, w3: number, port: number): void {
  view.setUint16(at, familyNumber(family), true);
  view.setUint16(at + PORT, port);
  if (family === 4) {
    view.setUint32(at + IPV4_ADDRESS, w0);
    return;
  }
  view.setUint32(at + 4, 0);
  view.setUint32(at + IPV6_ADDRESS, w0);
  view.setUint32(at + IPV6_ADDRESS + 4, w1);
  view.setUint32(at + IPV6_ADDRESS + 8, w2);
  view.setUint32(at + IPV6_ADDRESS + 12, w3);
  view.setUint32(at + IPV6_SCOPE, 0);
}

export function readFamily(view: DataView, at: number): Family {
  return view.getUint16(at, true) === AF_INET ? 4 : 6;
}

export function readPort(view: DataView, at: number): number {
  return view.getUint16(at + PORT);
}

/** One of the four 32-bit words of the address; the last three of an IPv4 address are zero. */
export function readWord(view: DataView, at: number, family: Family, index: 0 | 1 | 2 | 3): number {
  if (family === 6) return view.getUint32(at + IPV6_ADDRESS + 4 * index);
  return index === 0 ? view.getUint32(at + IPV4_ADDRESS) : 0;
}
