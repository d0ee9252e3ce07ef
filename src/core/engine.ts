import type { PeerTable } from "./link/peer-table.ts";

/**
 * What a driver does with every role (design: sans-IO). Bytes and time go in by call, what to send and when to wake are
 * pulled out; nothing here reads a clock, a socket or randomness. Times are microseconds as doubles, from any origin that
 * never steps back.
 */
export interface Engine {
  /** Names peers by small integers; a driver interns the source of each datagram here. */
  readonly peers: PeerTable;
  /** For a driver that has several datagrams at hand. Not every role has it. */
  readonly foresight?: Foresight;
  /** Until when a reply may come that is so near that to sleep until then takes longer than to stay awake; in the past where there is none. Not every role has it. */
  readonly nearReplyBy?: number;
  /** Takes one datagram: the first `length` octets of `view`, which the engine does not keep. */
  handleDatagram(now: number, peer: number, view: DataView, length: number): void;
  /** Fills `out` with the next datagram to send, valid until the next call; false when there is none. */
  pollTransmit(out: Transmit): boolean;
  /** When handleTimeout wants to be called; Infinity for never. */
  pollTimeout(): number;
  handleTimeout(now: number): void;
}

/** So many datagrams are looked ahead for together. */
export const MOST_FORESEEN = 64;

/** Looks at what datagrams will need, before the first of them is taken. It changes nothing, but that this is sooner at hand. */
export interface Foresight {
  /** Whether there is so much that it pays. */
  readonly isWorthIt: boolean;
  /** Notes a datagram of a peer (NO_PEER: of one not known yet) that is about to be taken; at most MOST_FORESEEN until the next `look`. */
  note(peer: number, view: DataView, length: number): void;
  /** Looks at what those need that were noted. */
  look(): void;
}

/** One datagram to send, in a slot of the engine's ring. */
export class Transmit {
  peer = 0;
  /** The slot, as octets, as a view of them, and as words in this machine's order. */
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  words: Int32Array = new Int32Array(0);
  length = 0;
}
