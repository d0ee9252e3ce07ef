import type { Metrics } from "../metrics.ts";
import { SECOND } from "../plan.ts";
import type { Random } from "../random.ts";
import { type Station, StationKind } from "../station.ts";
import type { World } from "../world.ts";
import { type End, type Fault, badDns, badWeather, crash, cutFeed, isolate, moveMab, oneWayCut, partition, queriersIn, suspend, unlist } from "./faults.ts";

/** Which faults a storm is of: all kinds there are, or only what befalls sites. */
export type StormKind = "all" | "sites";

/** How one kind of fault comes up in a storm. */
interface Hazard {
  readonly weight: number;
  readonly longest: number;
  readonly draw: (world: World, random: Random) => Fault;
}

/** Faults at random, one after the other and several at a time, until it is told to calm down. */
export class Storm {
  readonly #world: World;
  readonly #random: Random;
  readonly #metrics: Metrics;
  readonly #active = new Set<End>();
  readonly #hazards: readonly Hazard[];
  readonly #interval: number;
  #isOver = false;

  /** Each seed has its own climate: how often faults come, and which kinds are common. */
  constructor(world: World, random: Random, metrics: Metrics, kind: StormKind) {
    this.#world = world;
    this.#random = random;
    this.#metrics = metrics;
    this.#interval = random.between(3, 15) * SECOND;
    this.#hazards = HAZARDS[kind].map(({ weight, longest, draw }) => ({ weight: weight * random.between(0.2, 2), longest, draw }));
  }

  begin(): void {
    this.#world.network.after(this.#random.between(0, 2) * this.#interval, () => {
      if (this.#isOver) return;
      this.#strike();
      this.begin();
    });
  }

  /** Ends all faults. */
  heal(): void {
    this.#isOver = true;
    for (const end of this.#active) end();
  }

  #strike(): void {
    const hazard = this.#draw();
    this.#metrics.counts.faults++;
    const end = hazard.draw(this.#world, this.#random)(this.#world);
    const once = (): void => {
      if (this.#active.delete(once)) end();
    };
    this.#active.add(once);
    // Most faults are short; some last.
    const share = this.#random.fraction();
    this.#world.network.after(share * share * hazard.longest, once);
  }

  #draw(): Hazard {
    let point = this.#random.fraction() * this.#hazards.reduce((sum, { weight }) => sum + weight, 0);
    for (const hazard of this.#hazards) {
      point -= hazard.weight;
      if (point < 0) return hazard;
    }
    return this.#hazards[0]!;
  }
}

const ALL: readonly Hazard[] = [
  { weight: 4, longest: 60 * SECOND, draw: (world, random) => crash(anyone(world, random)) },
  { weight: 3, longest: 40 * SECOND, draw: (world, random) => suspend(anyone(world, random)) },
  { weight: 2, longest: 60 * SECOND, draw: (world, random) => isolate(anyone(world, random)) },
  { weight: 2, longest: 60 * SECOND, draw: cutSomePath },
  { weight: 1, longest: 40 * SECOND, draw: (world, random) => partition(ispOf(world, random), outside(world)) },
  { weight: 3, longest: 60 * SECOND, draw: (world, random) => badWeather([anyone(world, random)], world.stations, weather(random)) },
  { weight: 1, longest: 30 * SECOND, draw: (world, random) => badWeather(ispOf(world, random), world.stations, weather(random)) },
  { weight: 2, longest: 30 * SECOND, draw: (world, random) => cutFeed(random.pick(world.qsas)) },
  { weight: 1, longest: 60 * SECOND, draw: (_, random) => badDns(random.between(0.1, 20) * SECOND, random.chance(0.4)) },
  { weight: 1, longest: 120 * SECOND, draw: (world, random) => unlist(random.pick(world.qsas)) },
  { weight: 1, longest: 120 * SECOND, draw: moveSomeMab },
];

/** Sites fail and return: their machines and processes, the ways to them, their feeds, their place in DNS. */
const OF_SITES: readonly Hazard[] = [
  { weight: 4, longest: 60 * SECOND, draw: (world, random) => crash(random.pick(world.qsas)) },
  { weight: 3, longest: 40 * SECOND, draw: (world, random) => suspend(random.pick(world.qsas)) },
  { weight: 2, longest: 60 * SECOND, draw: (world, random) => isolate(random.pick(world.qsas)) },
  { weight: 2, longest: 30 * SECOND, draw: (world, random) => cutFeed(random.pick(world.qsas)) },
  { weight: 1, longest: 120 * SECOND, draw: (world, random) => unlist(random.pick(world.qsas)) },
];

const HAZARDS: Readonly<Record<StormKind, readonly Hazard[]>> = { all: ALL, sites: OF_SITES };

/** A QSA, QSR or QSC more often than one of the many ITRs. */
function anyone(world: World, random: Random): Station {
  return random.pick(random.chance(0.8) ? world.stations.filter(({ kind }) => kind !== StationKind.itr) : world.itrs);
}

function ispOf(world: World, random: Random): readonly Station[] {
  const { qsrs, qscs, itrs } = random.pick(world.topology.isps);
  return [...qsrs, ...qscs, ...itrs];
}

function outside(world: World): readonly Station[] {
  return world.qsas;
}

/** One way of one path that is used. */
function cutSomePath(world: World, random: Random): Fault {
  const querier = random.pick(queriersIn(world));
  const servers = querier.kind === StationKind.qsr ? world.qsas : world.stations.filter(({ kind, group }) => group === querier.group && (kind === StationKind.qsr || kind === StationKind.qsc));
  const server = random.pick(servers);
  return random.chance(0.5) ? oneWayCut(querier, server) : oneWayCut(server, querier);
}

function weather(random: Random): { loss: number; duplication: number; reordering: number; reorderingDelay: number; jitter: number } {
  return {
    loss: random.chance(0.7) ? random.between(0, 0.6) : 0,
    duplication: random.chance(0.4) ? random.between(0, 0.5) : 0,
    reordering: random.chance(0.4) ? random.between(0, 0.5) : 0,
    reorderingDelay: random.between(0, 0.8) * SECOND,
    jitter: random.chance(0.3) ? random.between(0, 0.1) * SECOND : 1000,
  };
}

function moveSomeMab(world: World, random: Random): Fault {
  const mab = random.below(world.mabs.length);
  const { holders } = world.mabs[mab]!;
  return moveMab(mab, random.chance(0.5) ? holders : holders.slice(1));
}
