import type { MessageBlock } from "./message-block.ts";

/** SOL_UDP with UDP_SEGMENT (udp(7)): the kernel cuts what one message holds into datagrams of so many octets. */
const SOL_UDP = 17;
const UDP_SEGMENT = 103;
/** struct cmsghdr: length (8), level, type, data (2), and room to the next multiple of eight. */
const LEVEL = 8;
const TYPE = 12;
const DATA = 16;
const CONTROL_LENGTH = DATA + 2;
const CONTROL_SPACE = 24;

/** What goes over any path of IPv6 in one piece (RFC 8200 section 5), with the headers: what is cut is not fragmented too. */
export const LARGEST_SEGMENT = 1232;
/** Of one message: in datagrams, as kernels before 6.1 have it, and in octets. */
export const MOST_SEGMENTS = 64;
export const MOST_OCTETS = 65_000;

/** Has a message of several vectors leave as datagrams of so many octets each, after what its control messages say already. */
export function appendSegmentSize(block: MessageBlock, message: number, octets: number): void {
  const length = block.controlLength(message);
  const at = block.controlAt(message) + length;
  const { view } = block;
  view.setUint32(at, CONTROL_LENGTH, true);
  view.setUint32(at + 4, 0, true);
  view.setInt32(at + LEVEL, SOL_UDP, true);
  view.setInt32(at + TYPE, UDP_SEGMENT, true);
  view.setUint16(at + DATA, octets, true);
  block.setControlLength(message, length + CONTROL_SPACE);
}

/** Takes that back. */
export function dropSegmentSize(block: MessageBlock, message: number): void {
  block.setControlLength(message, block.controlLength(message) - CONTROL_SPACE);
}
