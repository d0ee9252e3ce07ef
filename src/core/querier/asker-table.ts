import type { Asker } from "../answer.ts";
import type { CookieState } from "../server/cookies.ts";
import { Slots } from "../tables/slots.ts";

/** The end of a list of askers. */
export const NO_ASKER = -1;

/** Who waits for answers that are being fetched: a row each, in lists. */
export class AskerTable {
  readonly #slots: Slots;
  readonly #next: Int32Array;
  readonly #peer: Int32Array;
  /** Of this process's own look-ups a number of any size. */
  readonly #sequence: Float64Array;
  readonly #nonceHi: Uint32Array;
  readonly #nonceLo: Uint32Array;
  readonly #clientCookieHi: Uint32Array;
  readonly #clientCookieLo: Uint32Array;
  readonly #flags: Uint16Array;
  readonly #octets: Uint16Array;
  readonly #waitedLong: Uint8Array;
  readonly #cookie: Uint8Array;
  readonly #floorLineage: Uint32Array;
  readonly #floorHi: Uint32Array;
  readonly #floorLo: Uint32Array;

  constructor(capacity: number) {
    this.#slots = new Slots(capacity);
    this.#next = new Int32Array(capacity);
    this.#peer = new Int32Array(capacity);
    this.#sequence = new Float64Array(capacity);
    this.#nonceHi = new Uint32Array(capacity);
    this.#nonceLo = new Uint32Array(capacity);
    this.#clientCookieHi = new Uint32Array(capacity);
    this.#clientCookieLo = new Uint32Array(capacity);
    this.#flags = new Uint16Array(capacity);
    this.#octets = new Uint16Array(capacity);
    this.#waitedLong = new Uint8Array(capacity);
    this.#cookie = new Uint8Array(capacity);
    this.#floorLineage = new Uint32Array(capacity);
    this.#floorHi = new Uint32Array(capacity);
    this.#floorLo = new Uint32Array(capacity);
  }

  get size(): number {
    return this.#slots.taken;
  }

  /** Adds an asker behind another (NO_ASKER: behind none); there must be room. Gives its row. */
  add(asker: Asker, behind: number): number {
    const row = this.#slots.take();
    if (behind !== NO_ASKER) this.#next[behind] = row;
    this.#next[row] = NO_ASKER;
    this.#peer[row] = asker.peer;
    this.#sequence[row] = asker.sequence;
    this.#nonceHi[row] = asker.nonceHi;
    this.#nonceLo[row] = asker.nonceLo;
    this.#clientCookieHi[row] = asker.clientCookieHi;
    this.#clientCookieLo[row] = asker.clientCookieLo;
    this.#flags[row] = asker.flags;
    this.#octets[row] = asker.octets;
    this.#waitedLong[row] = asker.waitedLong ? 1 : 0;
    this.#cookie[row] = asker.cookie;
    this.#floorLineage[row] = asker.floor.lineage;
    this.#floorHi[row] = asker.floor.hi;
    this.#floorLo[row] = asker.floor.lo;
    return row;
  }

  read(row: number, into: Asker): void {
    into.peer = this.#peer[row]!;
    into.sequence = this.#sequence[row]!;
    into.nonceHi = this.#nonceHi[row]!;
    into.nonceLo = this.#nonceLo[row]!;
    into.clientCookieHi = this.#clientCookieHi[row]!;
    into.clientCookieLo = this.#clientCookieLo[row]!;
    into.flags = this.#flags[row]!;
    into.octets = this.#octets[row]!;
    into.waitedLong = this.#waitedLong[row] === 1;
    into.cookie = this.#cookie[row] as CookieState;
    into.floor.set(this.#floorLineage[row]!, this.#floorHi[row]!, this.#floorLo[row]!);
  }

  peer(row: number): number {
    return this.#peer[row]!;
  }

  /** The one behind; NO_ASKER when there is none. */
  next(row: number): number {
    return this.#next[row]!;
  }

  /** Notes that it was told to wait. */
  setWaitedLong(row: number): void {
    this.#waitedLong[row] = 1;
  }

  remove(row: number): void {
    this.#slots.give(row);
  }
}
