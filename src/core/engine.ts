import type { PeerTable } from "./link/peer-table.ts";

/**
 * What a driver does with every role (design: sans-IO). Bytes and time go in by call, what to send and when to wake are
 * pulled out; nothing here reads a clock, a socket or randomness. Times are microseconds as doubles, from any origin that
 * never steps back.
 */
export interface Engine {
  /** Names peers by small integers; a driver interns the source of each datagram here. */
  readonly peers: PeerTable;
  /** Takes one datagram: the first `length` octets of `view`, which the engine does not keep. */
  handleDatagram(now: number, peer: number, view: DataView, length: number): void;
  /** Fills `out` with the next datagram to send, valid until the next call; false when there is none. */
  pollTransmit(out: Transmit): boolean;
  /** When handleTimeout wants to be called; Infinity for never. */
  pollTimeout(): number;
  handleTimeout(now: number): void;
}

/** One datagram to send, in a slot of the engine's ring. */
export class Transmit {
  peer = 0;
  /** The slot, as octets and as a view of them. */
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  length = 0;
}
