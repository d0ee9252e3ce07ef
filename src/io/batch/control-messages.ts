import type { MessageBlock } from "./message-block.ts";

/** struct cmsghdr (cmsg(3)): length (8), level, type, data; the next one begins at a multiple of eight. */
const LEVEL = 8;
const TYPE = 12;
const HEADER_OCTETS = 16;

/** Where in the block's view so many octets of data of a message's control message of this kind are; -1 when it has none. */
export function findControl(block: MessageBlock, message: number, level: number, type: number, octets: number): number {
  const { view } = block;
  const start = block.controlAt(message);
  const end = start + block.controlLength(message);
  for (let at = start; at + HEADER_OCTETS + octets <= end; at += aligned(view.getUint32(at, true))) {
    const length = view.getUint32(at, true);
    if (length < HEADER_OCTETS) break;
    if (view.getInt32(at + LEVEL, true) === level && view.getInt32(at + TYPE, true) === type && length >= HEADER_OCTETS + octets) return at + HEADER_OCTETS;
  }
  return -1;
}

/** Adds a control message to those that a message has; gives where its data is in the block's view: zero, and there must be room. */
export function appendControl(block: MessageBlock, message: number, level: number, type: number, octets: number): number {
  const { view } = block;
  const length = block.controlLength(message);
  const at = block.controlAt(message) + length;
  const space = controlSpace(octets);
  for (let octet = 0; octet < space; octet += 4) view.setUint32(at + octet, 0);
  view.setUint32(at, HEADER_OCTETS + octets, true);
  view.setInt32(at + LEVEL, level, true);
  view.setInt32(at + TYPE, type, true);
  block.setControlLength(message, length + space);
  return at + HEADER_OCTETS;
}

/** Takes back the control message added last, which has so many octets of data. */
export function dropControl(block: MessageBlock, message: number, octets: number): void {
  block.setControlLength(message, block.controlLength(message) - controlSpace(octets));
}

function controlSpace(octets: number): number {
  return HEADER_OCTETS + aligned(octets);
}

function aligned(octets: number): number {
  return (octets + 7) & ~7;
}
