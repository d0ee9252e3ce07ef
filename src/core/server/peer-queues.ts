/** The end of a queue. */
export const NO_SLOT = -1;

/** Words of a peer's row. Links are slots plus one, so that fresh memory, all zero, is empty queues. */
const PEER_WIDTH = 8;
const HEAD = 0;
const TAIL = 1;
/** The first that waits. */
const WAITING = 2;
const SIZE = 3;
const COUNT_IN_AIR = 4;

/** Words of a slot's row. */
const SLOT_WIDTH = 4;
const NEXT = 0;
const PREVIOUS = 1;
const IS_IN_AIR = 2;

/** A queue of slots for each querier, in order of their numbers: the first ones are on their way, the others wait. */
export class PeerQueues {
  readonly #peers: Uint32Array;
  readonly #slots: Uint32Array;

  constructor(peers: number, slots: number) {
    this.#peers = new Uint32Array(peers * PEER_WIDTH);
    this.#slots = new Uint32Array(slots * SLOT_WIDTH);
  }

  size(peer: number): number {
    return this.#peers[peer * PEER_WIDTH + SIZE]!;
  }

  inAir(peer: number): number {
    return this.#peers[peer * PEER_WIDTH + COUNT_IN_AIR]!;
  }

  first(peer: number): number {
    return this.#peers[peer * PEER_WIDTH + HEAD]! - 1;
  }

  following(slot: number): number {
    return this.#slots[slot * SLOT_WIDTH + NEXT]! - 1;
  }

  append(peer: number, slot: number): void {
    const row = peer * PEER_WIDTH;
    const at = slot * SLOT_WIDTH;
    const tail = this.#peers[row + TAIL]!;
    this.#slots[at + NEXT] = 0;
    this.#slots[at + PREVIOUS] = tail;
    this.#slots[at + IS_IN_AIR] = 0;
    if (tail === 0) this.#peers[row + HEAD] = slot + 1;
    else this.#slots[(tail - 1) * SLOT_WIDTH + NEXT] = slot + 1;
    this.#peers[row + TAIL] = slot + 1;
    if (this.#peers[row + WAITING] === 0) this.#peers[row + WAITING] = slot + 1;
    this.#peers[row + SIZE]!++;
  }

  /** Takes the first that waits as one on its way; NO_SLOT when none waits. */
  launch(peer: number): number {
    const row = peer * PEER_WIDTH;
    const slot = this.#peers[row + WAITING]! - 1;
    if (slot === NO_SLOT) return NO_SLOT;
    this.#peers[row + WAITING] = this.#slots[slot * SLOT_WIDTH + NEXT]!;
    this.#slots[slot * SLOT_WIDTH + IS_IN_AIR] = 1;
    this.#peers[row + COUNT_IN_AIR]!++;
    return slot;
  }

  remove(peer: number, slot: number): void {
    const row = peer * PEER_WIDTH;
    const at = slot * SLOT_WIDTH;
    const next = this.#slots[at + NEXT]!;
    const previous = this.#slots[at + PREVIOUS]!;
    if (previous === 0) this.#peers[row + HEAD] = next;
    else this.#slots[(previous - 1) * SLOT_WIDTH + NEXT] = next;
    if (next === 0) this.#peers[row + TAIL] = previous;
    else this.#slots[(next - 1) * SLOT_WIDTH + PREVIOUS] = previous;
    if (this.#peers[row + WAITING] === slot + 1) this.#peers[row + WAITING] = next;
    if (this.#slots[at + IS_IN_AIR] === 1) this.#peers[row + COUNT_IN_AIR]!--;
    this.#peers[row + SIZE]!--;
  }
}
