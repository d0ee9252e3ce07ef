import type { Qsa } from "../../core/qsa.ts";
import type { Qsr } from "../../core/qsr.ts";
import { type Station, endpointAt } from "../station.ts";
import type { World } from "../world.ts";
import type { Accuse } from "./answers.ts";
import { cacheOf, querierOf } from "./hops.ts";

/** With the first answer of a server that has restarted, all goes that it gave before, and only that answer may stand. */
export class EpochCheck {
  readonly #world: World;
  readonly #accuse: Accuse;
  /** By querier and server: how often the server had started when it last answered; 0 for never. */
  readonly #boots: Uint32Array;
  #accepted = 0;

  constructor(world: World, accuse: Accuse) {
    this.#world = world;
    this.#accuse = accuse;
    this.#boots = new Uint32Array(world.stations.length * world.stations.length);
  }

  /** A process has started: it has heard nobody yet. */
  forget({ index }: Station): void {
    const { length } = this.#world.stations;
    this.#boots.fill(0, index * length, (index + 1) * length);
  }

  /** Before a Map Reply is taken. */
  before(querier: Station): void {
    this.#accepted = querierOf(querier).port.counters.upstreamReplies;
  }

  /** After it: whether it was taken. */
  hasTaken(querier: Station): boolean {
    return querierOf(querier).port.counters.upstreamReplies !== this.#accepted;
  }

  /** A reply that was taken. One that a process sent before it died may come when the next one runs: the epoch in it tells. */
  after(querier: Station, server: Station, epochHi: number, epochLo: number): void {
    const promises = (server.engine as Qsa | Qsr | undefined)?.server.promises;
    if (promises?.epochHi !== epochHi || promises.epochLo !== epochLo) return;
    const at = querier.index * this.#world.stations.length + server.index;
    const before = this.#boots[at]!;
    this.#boots[at] = server.boots;
    if (before === 0 || before === server.boots) return;
    const held = this.#countFrom(querier, server);
    if (held > 1) this.#accuse("what a server gave before it restarted is forgotten", querier, `it still has ${held} entries from ${server.name}, whose new epoch it has just heard`);
  }

  #countFrom(querier: Station, server: Station): number {
    const { entries } = cacheOf(querier);
    const { upstreams } = querierOf(querier);
    let count = 0;
    for (let entry = 0; entry < entries.highWater; entry++) {
      const upstream = entries.isTaken(entry) ? upstreams.at(entries.upstream(entry)) : undefined;
      if (upstream !== undefined && this.#world.network.stations.at(endpointAt(upstream.address.words[0])) === server) count++;
    }
    return count;
  }
}
