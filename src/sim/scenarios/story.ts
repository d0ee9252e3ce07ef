import { type Range, formatRange } from "../../address/index.ts";
import { NO_ENTRY } from "../../core/cache/entry-table.ts";
import type { Itr } from "../../core/itr.ts";
import type { Qsa } from "../../core/qsa.ts";
import type { Qsc } from "../../core/qsc.ts";
import type { Qsr } from "../../core/qsr.ts";
import { MappingBody, ResultCode } from "../../wire/index.ts";
import type { End, Fault } from "../faults/faults.ts";
import { cacheOf } from "../oracle/hops.ts";
import { SECOND, SWARM_PLAN, USUAL_WEATHER, type WorldPlan } from "../plan.ts";
import { Simulation } from "../simulation.ts";
import type { Station } from "../station.ts";
import { type Change, type Watched, nameOf, numberOf } from "../truth.ts";
import { Violation } from "../violation.ts";

/** A small world where nothing goes wrong and nothing changes by itself; ITRs ask. */
const SMALL_PLAN: Omit<WorldPlan, "seed" | "repeat"> = {
  ...SWARM_PLAN,
  dsocs: 2,
  sitesPerDsoc: 3,
  isps: 1,
  itrsPerIsp: 4,
  changeInterval: Infinity,
  slowFeeds: 0,
  weather: USUAL_WEATHER,
  forgeries: 0,
};

const STEP = SECOND / 1000;

/** What a scenario is told with: actors by name, things to do to them, and what is expected. Times are seconds. */
export class Story {
  readonly simulation: Simulation;
  /** What was told, with the second it happened. */
  readonly lines: string[] = [];
  readonly #body = new MappingBody();

  constructor(seed: number, repeat: string, plan: Partial<WorldPlan> = {}) {
    this.simulation = new Simulation({ ...SMALL_PLAN, ...plan, seed, repeat });
  }

  get world(): Simulation["world"] {
    return this.simulation.world;
  }

  qsa(dsoc: number, site: number): Station<Qsa> {
    return this.world.topology.dsocs[dsoc]!.qsas[site]!;
  }

  qsr(number: number, isp = 0): Station<Qsr> {
    return this.world.topology.isps[isp]!.qsrs[number]!;
  }

  qsc(number = 0, isp = 0): Station<Qsc> {
    return this.world.topology.isps[isp]!.qscs[number]!;
  }

  itr(number: number, isp = 0): Station<Itr> {
    return this.world.topology.isps[isp]!.itrs[number]!;
  }

  /** A watched address in a cell of a MAB. */
  key(mab: number, cell: number): Watched {
    const { first, last } = this.cell(mab, cell);
    return this.world.truth.keysOf(mab).find(({ hi, lo }) => hi >= first.hi && hi <= last.hi && lo >= first.lo && lo <= last.lo)!;
  }

  cell(mab: number, cell: number): Range {
    return this.world.mabs[mab]!.cells[cell]!;
  }

  say(text: string): void {
    this.lines.push(`${(this.world.elapsed / SECOND).toFixed(3).padStart(9)} s  ${text}`);
  }

  wait(seconds: number): void {
    this.simulation.run(seconds * SECOND);
  }

  /** Lets something go wrong until the end that it gives is called. */
  begin(text: string, fault: Fault): End {
    this.say(text);
    return fault(this.world);
  }

  /** The owner of a range sends its packets to another ETR. */
  change(range: Range): Change {
    this.say(`${formatRange(range)} goes to another ETR`);
    let made: Change | undefined;
    const tell = this.world.onChange;
    this.world.onChange = (change) => {
      made = change;
      tell(change);
    };
    this.simulation.workload.change(range);
    this.world.onChange = tell;
    return made!;
  }

  ask(itr: Station<Itr>, key: Watched): void {
    this.simulation.workload.ask(itr, key);
  }

  /** Has an ITR ask for an address, and waits until it knows it. */
  learn(itr: Station<Itr>, key: Watched): void {
    this.ask(itr, key);
    this.until(`${itr.name} knows ${nameOf(key)}`, 2.1, () => this.positionAt(itr, key) !== undefined);
  }

  /** The position of what a station has of a key in its cache; undefined when it has nothing live. */
  positionAt(station: Station, key: Watched): number | undefined {
    const cache = cacheOf(station);
    const entry = cache.find(this.world.now, key.family, key.hi, key.lo);
    if (entry === NO_ENTRY || cache.entries.result(entry) === ResultCode.notInAnyMab) return undefined;
    cache.entries.read(entry, this.#body);
    return numberOf(this.#body);
  }

  /** Whether a station uses nothing older than a change for a key. */
  hasOrForgot(station: Station, key: Watched, { position }: Change): boolean {
    return (this.positionAt(station, key) ?? position) >= position;
  }

  /** The QSA that a QSR would ask for a key now. */
  chosenBy(qsr: Station<Qsr>, key: Watched): Station | undefined {
    return this.simulation.oracle.regret.chosen(qsr, key.family, key.hi, key.lo);
  }

  /** Lets time pass until something is so; it must be within so many seconds. Gives how many it took. */
  until(text: string, seconds: number, condition: () => boolean): number {
    const start = this.world.now;
    while (!condition()) {
      if (this.world.now - start > seconds * SECOND) this.#fail(`${text}: not within ${seconds} s`);
      this.simulation.run(STEP);
    }
    const took = (this.world.now - start) / SECOND;
    this.say(`${text} (${took.toFixed(3)} s)`);
    return took;
  }

  expect(text: string, isSo: boolean): void {
    if (!isSo) this.#fail(text);
    this.say(text);
  }

  #fail(text: string): never {
    throw new Violation("the story goes as told", "scenario", this.world.elapsed, text, this.world.plan.repeat);
  }
}
