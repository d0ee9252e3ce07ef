import type { Qsa } from "../../core/qsa.ts";
import type { Qsr } from "../../core/qsr.ts";
import { MessageType } from "../../wire/index.ts";
import type { Metrics } from "../metrics.ts";
import { type Station, StationKind } from "../station.ts";
import type { Accuse } from "./answers.ts";
import { cacheOf, querierOf } from "./hops.ts";

/** Replays are genuine, if late; what they may do is checked with all other answers. Attackers mark what they make up. */
export const MADE_UP = 0xf0f0f0f0;
const NONCE_LO = 12;

/** Nothing is accepted without its nonce: a made-up datagram leaves an engine as it was. */
export class ForgeryCheck {
  readonly #metrics: Metrics;
  readonly #accuse: Accuse;
  #before: readonly number[] = [];
  #promises = 0;
  #type = 0;

  constructor(metrics: Metrics, accuse: Accuse) {
    this.#metrics = metrics;
    this.#accuse = accuse;
  }

  /** False for a replay. */
  before(station: Station, view: DataView, length: number): boolean {
    const isMadeUp = length >= NONCE_LO + 4 && view.getUint32(NONCE_LO) === MADE_UP;
    this.#type = isMadeUp ? view.getUint8(1) : 0;
    if (this.#type === 0) return false;
    this.#metrics.counts.forgeriesChecked++;
    this.#before = this.#digest(station);
    this.#promises = promisesOf(station);
    return true;
  }

  after(station: Station): void {
    if (this.#type === 0) return;
    const after = this.#digest(station);
    if (!areSame(after, this.#before)) this.#accuse("nothing is accepted without its nonce", station, `a made-up datagram of type ${this.#type} took its state from ${this.#before.join(" ")} to ${after.join(" ")}`);
    if (promisesOf(station) > this.#promises) this.#accuse("nothing is promised to who has no cookie", station, `a made-up datagram of type ${this.#type} drew a promise`);
  }

  /** Cache, updates on their way, what is known of upstreams. A request may have an answer fetched: anybody may ask. */
  #digest(station: Station): number[] {
    if (this.#type === MessageType.mapRequest) return [];
    const parts = [station.kind === StationKind.itr ? 0 : (station.engine as Qsr | Qsa).server.promises.sender.outstanding, promisesOf(station)];
    if (station.kind !== StationKind.qsa) parts.push(...cacheDigest(station), ...upstreamDigest(station));
    return parts;
  }
}

function areSame(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

function promisesOf(station: Station): number {
  return station.kind === StationKind.itr ? 0 : (station.engine as Qsr | Qsa).server.promises.ledger.size;
}

function cacheDigest(station: Station): number[] {
  const { entries, floors } = cacheOf(station);
  let sum = 0;
  for (let entry = 0; entry < entries.highWater; entry++) {
    if (entries.isTaken(entry)) sum = (Math.imul(sum, 31) + entries.firstHi(entry) + entries.expiry(entry) + entries.result(entry)) | 0;
  }
  return [entries.size, floors.size, sum];
}

function upstreamDigest(station: Station): number[] {
  const { fetcher, upstreams } = querierOf(station);
  const found = [fetcher.inFlight];
  for (const { epochLo, window, issued, rtt } of upstreams.listed()) found.push(epochLo, window.complete, issued, rtt.smoothed);
  return found;
}
