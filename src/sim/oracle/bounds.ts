import type { Itr } from "../../core/itr.ts";
import { MAX_ATTEMPTS } from "../../core/querier/fetch-table.ts";
import type { Qsa } from "../../core/qsa.ts";
import type { Qsr } from "../../core/qsr.ts";
import { ITR_ENTRIES, LIMITS } from "../engines.ts";
import { SECOND } from "../plan.ts";
import { type Station, StationKind } from "../station.ts";
import type { World } from "../world.ts";
import type { Accuse } from "./answers.ts";
import { querierOf } from "./hops.ts";

const INTERVAL = 5 * SECOND;
/** Requests open at one time: a querier asks a few a second, and closes each within 2 s. */
const MOST_IN_FLIGHT = 600;
/** Probes of one upstream a second, on average since the start: one every 3 s while mapping is held; and one for each request that it left unanswered. */
const MOST_PROBES = 2;
const PROBES_AT_START = 60;

/** Nothing grows without end: memory, and packets for a query. */
export class BoundsCheck {
  readonly #world: World;
  readonly #accuse: Accuse;

  constructor(world: World, accuse: Accuse) {
    this.#world = world;
    this.#accuse = accuse;
  }

  begin(): void {
    this.#world.network.after(INTERVAL, () => {
      for (const station of this.#world.stations) if (station.engine !== undefined) this.#check(station);
      this.begin();
    });
  }

  #check(station: Station): void {
    this.#within(station, "peers", station.engine!.peers.size, station.engine!.peers.capacity);
    if (station.kind !== StationKind.itr) this.#checkServer(station as Station<Qsr | Qsa>);
    if (station.kind !== StationKind.qsa) this.#checkQuerier(station as Station<Qsr | Itr>);
  }

  #checkServer(station: Station<Qsr | Qsa>): void {
    const { server } = station.engine!;
    this.#within(station, "cache entries", server.cache.entries.size, LIMITS.maxEntries);
    this.#within(station, "floors", server.cache.floors.size, LIMITS.maxEntries);
    this.#within(station, "promises", server.promises.ledger.size, LIMITS.maxPromises);
    this.#within(station, "outstanding updates", server.promises.sender.outstanding, LIMITS.maxUpdates);
    this.#within(station, "datagrams given up", server.ring.dropped, 0);
  }

  #checkQuerier(station: Station<Qsr | Itr>): void {
    const { fetcher, port, upstreams } = querierOf(station);
    if (station.kind === StationKind.itr) this.#within(station, "cache entries", (station.engine as Itr).cache.entries.size, ITR_ENTRIES);
    this.#within(station, "fetches in flight", fetcher.inFlight, MOST_IN_FLIGHT);
    const { fetches, refetches } = fetcher.counters;
    this.#within(station, "requests sent", port.counters.requestsSent, MAX_ATTEMPTS * (fetches + refetches));
    const elapsed = (this.#world.now - station.bootedAt) / SECOND;
    this.#within(station, "probes sent", port.counters.probesSent, PROBES_AT_START + upstreams.size * MOST_PROBES * elapsed + port.counters.requestsSent);
  }

  #within(station: Station, what: string, amount: number, limit: number): void {
    if (amount > limit) this.#accuse("memory and packets stay bounded", station, `${what}: ${amount}, more than ${limit}`);
  }
}
