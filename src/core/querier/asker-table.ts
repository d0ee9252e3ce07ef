import type { Asker } from "../answer.ts";
import type { CookieState } from "../server/cookies.ts";
import { Slots } from "../tables/slots.ts";

/** The end of a list of askers. */
export const NO_ASKER = -1;

/** Words of a row: one line of the processor's cache. */
const WIDTH = 16;
/** Plus one; zero is none. */
const NEXT = 0;
const PEER = 1;
/** Of this process's own look-ups a number of any size: two words. */
const SEQUENCE_HI = 2;
const SEQUENCE_LO = 3;
const NONCE_HI = 4;
const NONCE_LO = 5;
const CLIENT_COOKIE_HI = 6;
const CLIENT_COOKIE_LO = 7;
const FLAGS = 8;
const OCTETS = 9;
const WAITED_LONG = 10;
const COOKIE = 11;
const FLOOR_LINEAGE = 12;
const FLOOR_HI = 13;
const FLOOR_LO = 14;

/** Who waits for answers that are being fetched: a row each, in lists. */
export class AskerTable {
  readonly #slots: Slots;
  readonly #words: Uint32Array;

  constructor(capacity: number) {
    this.#slots = new Slots(capacity);
    this.#words = new Uint32Array(capacity * WIDTH);
  }

  get size(): number {
    return this.#slots.taken;
  }

  /** Adds an asker behind another (NO_ASKER: behind none); there must be room. Gives its row. */
  add(asker: Asker, behind: number): number {
    const row = this.#slots.take();
    const words = this.#words;
    const at = row * WIDTH;
    if (behind !== NO_ASKER) words[behind * WIDTH + NEXT] = row + 1;
    words[at + NEXT] = 0;
    words[at + PEER] = asker.peer;
    words[at + SEQUENCE_HI] = Math.floor(asker.sequence / 2 ** 32);
    words[at + SEQUENCE_LO] = asker.sequence;
    words[at + NONCE_HI] = asker.nonceHi;
    words[at + NONCE_LO] = asker.nonceLo;
    words[at + CLIENT_COOKIE_HI] = asker.clientCookieHi;
    words[at + CLIENT_COOKIE_LO] = asker.clientCookieLo;
    words[at + FLAGS] = asker.flags;
    words[at + OCTETS] = asker.octets;
    words[at + WAITED_LONG] = asker.waitedLong ? 1 : 0;
    words[at + COOKIE] = asker.cookie;
    words[at + FLOOR_LINEAGE] = asker.floor.lineage;
    words[at + FLOOR_HI] = asker.floor.hi;
    words[at + FLOOR_LO] = asker.floor.lo;
    return row;
  }

  read(row: number, into: Asker): void {
    const words = this.#words;
    const at = row * WIDTH;
    into.peer = words[at + PEER]! | 0;
    into.sequence = words[at + SEQUENCE_HI]! * 2 ** 32 + words[at + SEQUENCE_LO]!;
    into.nonceHi = words[at + NONCE_HI]!;
    into.nonceLo = words[at + NONCE_LO]!;
    into.clientCookieHi = words[at + CLIENT_COOKIE_HI]!;
    into.clientCookieLo = words[at + CLIENT_COOKIE_LO]!;
    into.flags = words[at + FLAGS]!;
    into.octets = words[at + OCTETS]!;
    into.waitedLong = words[at + WAITED_LONG] === 1;
    into.cookie = words[at + COOKIE] as CookieState;
    into.floor.set(words[at + FLOOR_LINEAGE]!, words[at + FLOOR_HI]!, words[at + FLOOR_LO]!);
  }

  peer(row: number): number {
    return this.#words[row * WIDTH + PEER]! | 0;
  }

  /** The one behind; NO_ASKER when there is none. */
  next(row: number): number {
    return this.#words[row * WIDTH + NEXT]! - 1;
  }

  /** Notes that it was told to wait. */
  setWaitedLong(row: number): void {
    this.#words[row * WIDTH + WAITED_LONG] = 1;
  }

  remove(row: number): void {
    this.#slots.give(row);
  }
}
