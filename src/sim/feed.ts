import type { MappingStore } from "../core/mapping/mapping-store.ts";
import type { Qsa } from "../core/qsa.ts";
import type { Network } from "./network.ts";
import { SECOND } from "./plan.ts";
import type { Random } from "./random.ts";
import type { Station } from "./station.ts";
import type { Change } from "./truth.ts";

interface Pending {
  readonly readyAt: number;
  readonly change: Change;
}

/** How often a store says that there is nothing new. */
const HEARTBEAT = 2 * SECOND;

/**
 * Brings the changes of the mapping stores to one QSA's site: in order, each some time after it was made; and a heartbeat,
 * so that the QSA knows when it is cut off from them.
 */
export class Feed {
  readonly store: MappingStore;
  /** Whether the site's connection to the stores is cut: changes wait, heartbeats are lost. */
  isCut = false;
  /** Position of each MAB at this site, by the MAB's number. */
  readonly positions: Float64Array;
  readonly #station: Station<Qsa>;
  readonly #network: Network;
  readonly #random: Random;
  readonly #delay: number;
  readonly #pending: Pending[] = [];
  #lastReady = 0;

  constructor(parts: { station: Station<Qsa>; store: MappingStore; network: Network; random: Random; delay: number; positions: Float64Array }) {
    this.#station = parts.station;
    this.store = parts.store;
    this.#network = parts.network;
    this.#random = parts.random;
    this.#delay = parts.delay;
    this.positions = parts.positions;
  }

  /** The store says that it is there, from now on again and again. */
  begin(): void {
    this.#network.after(HEARTBEAT * this.#random.between(0.9, 1.1) + this.#onTheWay(), () => {
      this.#hear();
      this.begin();
    });
  }

  /** The store says so now, to a site that has just connected. */
  connect(): void {
    this.#network.after(this.#onTheWay(), () => {
      this.#hear();
    });
  }

  push(change: Change): void {
    const readyAt = Math.max(this.#lastReady, this.#network.now + this.#onTheWay());
    this.#lastReady = readyAt;
    this.#pending.push({ readyAt, change });
    this.#network.at(readyAt, () => {
      this.drain();
    });
  }

  /** Applies what has come: the store of a site that is down takes it too, a stopped process takes nothing. */
  drain(): void {
    const station = this.#station;
    while (!this.isCut && station.held === undefined && this.#pending.length > 0 && this.#pending[0]!.readyAt <= this.#network.now) {
      const { change } = this.#pending.shift()!;
      const report = this.store.change(change.range, change.etr);
      this.positions[change.mab] = change.position;
      if (station.engine === undefined) continue;
      station.engine.noteFeed(this.#network.now);
      station.engine.noteChange(this.#network.now, report);
      this.#network.settle(station);
    }
  }

  #onTheWay(): number {
    return this.#delay * (1 + this.#random.fraction());
  }

  /** A heartbeat overtakes no change that was made before it. */
  #hear(): void {
    const { held, engine } = this.#station;
    if (this.isCut || held !== undefined || engine === undefined) return;
    if (this.#network.now < this.#lastReady) {
      this.#network.at(this.#lastReady, () => {
        this.#hear();
      });
      return;
    }
    this.drain();
    // What it wants to be woken for is only later by this: it will say so when it is next spoken to.
    engine.noteFeed(this.#network.now);
  }
}
