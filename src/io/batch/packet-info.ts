import type { Family } from "../../address/index.ts";
import { appendControl, findControl } from "./control-messages.ts";
import type { MessageBlock } from "./message-block.ts";

/** IPPROTO_IP with IP_PKTINFO, IPPROTO_IPV6 with IPV6_PKTINFO (ip(7); RFC 3542 section 6.1). */
const IPPROTO_IP = 0;
const IPPROTO_IPV6 = 41;
const IP_PKTINFO = 8;
const IPV6_RECVPKTINFO = 49;
const IPV6_PKTINFO = 50;

/** struct in_pktinfo: interface, local address (that is here, where the destination was broadcast), destination of the header. */
const IPV4_OCTETS = 12;
const IPV4_LOCAL = 4;
/** struct in6_pktinfo: address, interface. */
const IPV6_OCTETS = 20;

/** Level and option that have the kernel tell to which address each datagram was sent. */
export function packetInfoOption(family: Family): { readonly level: number; readonly option: number } {
  return family === 4 ? { level: IPPROTO_IP, option: IP_PKTINFO } : { level: IPPROTO_IPV6, option: IPV6_RECVPKTINFO };
}

/** Fills `out` with the address that a message was sent to; false where the kernel did not say. */
export function readDestination(block: MessageBlock, message: number, family: Family, out: Uint32Array, at: number): boolean {
  const { view } = block;
  const info = family === 4 ? findControl(block, message, IPPROTO_IP, IP_PKTINFO, IPV4_OCTETS) : findControl(block, message, IPPROTO_IPV6, IPV6_PKTINFO, IPV6_OCTETS);
  if (info < 0) return false;
  if (family === 4) {
    out[at] = view.getUint32(info + IPV4_LOCAL);
    return true;
  }
  for (let word = 0; word < 4; word++) out[at + word] = view.getUint32(info + 4 * word);
  return true;
}

/** Has a message leave from this address. The interface stays the kernel's choice. */
export function appendSource(block: MessageBlock, message: number, family: Family, words: Uint32Array, at: number): void {
  const { view } = block;
  if (family === 4) {
    view.setUint32(appendControl(block, message, IPPROTO_IP, IP_PKTINFO, IPV4_OCTETS) + IPV4_LOCAL, words[at]!);
    return;
  }
  const info = appendControl(block, message, IPPROTO_IPV6, IPV6_PKTINFO, IPV6_OCTETS);
  for (let word = 0; word < 4; word++) view.setUint32(info + 4 * word, words[at + word]!);
}
