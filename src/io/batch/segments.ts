import { appendControl, dropControl, findControl } from "./control-messages.ts";
import type { MessageBlock } from "./message-block.ts";

/** SOL_UDP with UDP_SEGMENT and UDP_GRO (udp(7)): the length of the datagrams that one message holds, as 16 and 32 bits. */
export const SOL_UDP = 17;
const UDP_SEGMENT = 103;
/** The option of a socket that takes several datagrams of one sender as one message. */
export const UDP_GRO = 104;
const SEGMENT_OCTETS = 2;
const GRO_OCTETS = 4;

/** What goes over any path of IPv6 in one piece (RFC 8200 section 5), without headers: what is cut is not fragmented too. */
export const LARGEST_SEGMENT = 1232;
/** Of one message that we send: in datagrams, what every kernel takes, and in octets. */
export const MOST_SEGMENTS = 64;
/** Of one that is received: newer kernels let a process send so many. */
export const MOST_RECEIVED_SEGMENTS = 128;
export const MOST_SEGMENTED_OCTETS = 65_000;

/** Has a message leave as datagrams of so many octets each. */
export function appendSegmentSize(block: MessageBlock, message: number, octets: number): void {
  block.view.setUint16(appendControl(block, message, SOL_UDP, UDP_SEGMENT, SEGMENT_OCTETS), octets, true);
}

/** Takes that back. */
export function dropSegmentSize(block: MessageBlock, message: number): void {
  dropControl(block, message, SEGMENT_OCTETS);
}

/** How long each datagram is of those that a message has brought, but the last, which may be shorter; 0 for a message of one. */
export function segmentSize(block: MessageBlock, message: number): number {
  const at = findControl(block, message, SOL_UDP, UDP_GRO, GRO_OCTETS);
  return at < 0 ? 0 : block.view.getInt32(at, true);
}
