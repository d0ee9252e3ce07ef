import type { Family } from "../../address/index.ts";
import { CONTROL_OCTETS, type MessageBlock } from "./message-block.ts";

/** IPPROTO_IP with IP_PKTINFO, IPPROTO_IPV6 with IPV6_PKTINFO (ip(7); RFC 3542 section 6.1). */
const IPPROTO_IP = 0;
const IPPROTO_IPV6 = 41;
const IP_PKTINFO = 8;
const IPV6_RECVPKTINFO = 49;
const IPV6_PKTINFO = 50;

/** struct cmsghdr: length (8), level, type, data. */
const LEVEL = 8;
const TYPE = 12;
const DATA = 16;
/** struct in_pktinfo: interface, local address (that is here, where the destination was broadcast), destination of the header. */
const IPV4_LENGTH = DATA + 12;
const IPV4_LOCAL = DATA + 4;
/** struct in6_pktinfo: address, interface. */
const IPV6_LENGTH = DATA + 20;

/** Level and option that have the kernel tell to which address each datagram was sent. */
export function packetInfoOption(family: Family): { readonly level: number; readonly option: number } {
  return family === 4 ? { level: IPPROTO_IP, option: IP_PKTINFO } : { level: IPPROTO_IPV6, option: IPV6_RECVPKTINFO };
}

/** Fills `out` with the address that a datagram was sent to; false where the kernel did not say. */
export function readDestination(block: MessageBlock, slot: number, family: Family, out: Uint32Array, at: number): boolean {
  const { view } = block;
  const control = block.controlAt(slot);
  if (block.controlLength(slot) < (family === 4 ? IPV4_LENGTH : IPV6_LENGTH)) return false;
  const isInfo = family === 4 ? hasType(view, control, IPPROTO_IP, IP_PKTINFO) : hasType(view, control, IPPROTO_IPV6, IPV6_PKTINFO);
  if (!isInfo) return false;
  if (family === 4) {
    out[at] = view.getUint32(control + IPV4_LOCAL);
    return true;
  }
  for (let word = 0; word < 4; word++) out[at + word] = view.getUint32(control + DATA + 4 * word);
  return true;
}

/** Has a datagram leave from this address. The interface stays the kernel's choice. */
export function writeSource(block: MessageBlock, slot: number, family: Family, words: Uint32Array, at: number): void {
  const { view } = block;
  const control = block.controlAt(slot);
  for (let octet = 0; octet < CONTROL_OCTETS; octet += 4) view.setUint32(control + octet, 0);
  view.setUint32(control, family === 4 ? IPV4_LENGTH : IPV6_LENGTH, true);
  view.setInt32(control + LEVEL, family === 4 ? IPPROTO_IP : IPPROTO_IPV6, true);
  view.setInt32(control + TYPE, family === 4 ? IP_PKTINFO : IPV6_PKTINFO, true);
  if (family === 4) view.setUint32(control + IPV4_LOCAL, words[at]!);
  else for (let word = 0; word < 4; word++) view.setUint32(control + DATA + 4 * word, words[at + word]!);
  block.setControlLength(slot, family === 4 ? aligned(IPV4_LENGTH) : aligned(IPV6_LENGTH));
}

function hasType(view: DataView, control: number, level: number, type: number): boolean {
  return view.getInt32(control + LEVEL, true) === level && view.getInt32(control + TYPE, true) === type;
}

function aligned(octets: number): number {
  return (octets + 7) & ~7;
}
