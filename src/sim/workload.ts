import { type Range, rangeOf } from "../address/index.ts";
import { NO_ENTRY } from "../core/cache/entry-table.ts";
import type { Itr, Mapping } from "../core/itr.ts";
import type { Metrics } from "./metrics.ts";
import { etrNumber } from "./mapping-plan.ts";
import type { Random } from "./random.ts";
import type { Station } from "./station.ts";
import type { Watched } from "./truth.ts";
import type { World } from "./world.ts";

/** Of an ITR's questions, how many are for addresses that it asks for again and again, and how many these are. */
const FROM_WORKING_SET = 0.85;
const WORKING_SET = 10;
/** ETR numbers of changes; the first ones are those the world begins with. */
const FIRST_CHANGE_ETR = 0x10000;

/** Who hears what ITRs were told. */
export interface Audience {
  answeredFromCache(now: number, station: Station<Itr>, key: Watched, entry: number): void;
  answered(now: number, station: Station<Itr>, question: Question, mapping: Mapping | null, result: number): void;
  updated(now: number, station: Station<Itr>, mapping: Mapping): void;
  /** An ITR has not answered in time. */
  overdue(now: number, station: Station<Itr>, question: Question): void;
}

export interface Question {
  readonly key: Watched;
  readonly askedAt: number;
  /** Whether the process ran all the time since. */
  readonly boots: number;
}

/** After this long an ITR has answered, if only that it cannot: its deadline of 2 s, and what a timer may be late. */
const LATEST_ANSWER = 2_001_000;

/** What the world is for: ITRs ask for addresses, and owners change their mapping. */
export class Workload {
  isChanging = true;
  readonly #world: World;
  readonly #random: Random;
  readonly #metrics: Metrics;
  readonly #audience: Audience;
  /** By station: the addresses that an ITR asks for again and again, and its questions that are open, by token. */
  readonly #working: (readonly Watched[])[];
  readonly #open: Map<number, Question>[];
  #token = 0;
  #etr = FIRST_CHANGE_ETR;

  constructor(world: World, random: Random, metrics: Metrics, audience: Audience) {
    this.#world = world;
    this.#random = random;
    this.#metrics = metrics;
    this.#audience = audience;
    this.#working = world.stations.map(() => []);
    this.#open = world.stations.map(() => new Map<number, Question>());
  }

  begin(): void {
    const { askInterval, changeInterval } = this.#world.plan;
    for (const itr of this.#world.itrs) {
      this.#working[itr.index] = Array.from({ length: WORKING_SET }, () => this.#random.pick(this.#world.truth.keys));
      this.#every(askInterval, () => {
        this.#ask(itr);
      });
    }
    this.#every(changeInterval, () => {
      if (this.isChanging) this.changeSomething();
    });
  }

  /** Asks one ITR for an address. */
  ask(station: Station<Itr>, key: Watched): void {
    if (!station.isRunning) return;
    const { now, network } = this.#world;
    const token = ++this.#token;
    this.#metrics.counts.questions++;
    const entry = station.engine!.lookUp(now, key.family, key.hi, key.lo, token);
    if (entry !== NO_ENTRY) {
      // Nothing was sent for it.
      this.#audience.answeredFromCache(now, station, key, entry);
      return;
    }
    this.#open[station.index]!.set(token, { key, askedAt: now, boots: station.boots });
    network.settle(station);
  }

  /** Takes what an ITR has to tell. */
  drain(now: number, station: Station<Itr>): void {
    for (let event = station.engine!.pollEvent(); event !== undefined; event = station.engine!.pollEvent()) {
      if (event.type === "update") this.#audience.updated(now, station, event.mapping);
      if (event.type !== "answer") continue;
      const open = this.#open[station.index]!;
      const question = open.get(event.token);
      if (question === undefined) continue;
      open.delete(event.token);
      this.#audience.answered(now, station, question, event.mapping, event.result);
    }
  }

  /** One change of mapping, anywhere: mostly a micronet goes to another ETR; some are split, joined, removed, made. */
  changeSomething(): void {
    const random = this.#random;
    const { cells } = random.pick(this.#world.mabs);
    const first = random.below(cells.length);
    const count = random.chance(0.75) ? 1 : Math.min(cells.length - first, 2 + random.below(3));
    const whole = joined(cells[first]!, cells[first + count - 1]!);
    this.change(count === 1 && random.chance(0.2) ? half(whole, random.chance(0.5)) : whole, random.chance(0.15));
  }

  /** Gives a range to an ETR that no other has, or takes it away. */
  change(range: Range, isRemoval = false): void {
    this.#metrics.counts.changes++;
    this.#world.change(range, isRemoval ? null : etrNumber(this.#etr++));
  }

  /** A process has stopped: what it was asked will not be answered. */
  forget(station: Station): void {
    this.#open[station.index]!.clear();
  }

  #ask(station: Station<Itr>): void {
    this.#lookForOverdue(station);
    const isUsual = this.#random.chance(FROM_WORKING_SET);
    this.ask(station, this.#random.pick(isUsual ? this.#working[station.index]! : this.#world.truth.keys));
  }

  #lookForOverdue(station: Station<Itr>): void {
    const open = this.#open[station.index]!;
    if (open.size === 0 || !station.isRunning) return;
    for (const question of open.values()) {
      if (this.#world.now - question.askedAt > LATEST_ANSWER) this.#audience.overdue(this.#world.now, station, question);
    }
  }

  /** Again and again, a tenth earlier or later each time. */
  #every(interval: number, run: () => void): void {
    if (interval === Infinity) return;
    const { network } = this.#world;
    const again = (): void => {
      run();
      network.after(interval * this.#random.between(0.9, 1.1), again);
    };
    network.after(interval * this.#random.fraction(), again);
  }
}

function joined({ family, first }: Range, { last }: Range): Range {
  return { family, first, last };
}

function half({ family, first, last }: Range, isUpper: boolean): Range {
  if (family === 4) {
    const middle = first.hi + ((last.hi - first.hi) >>> 1);
    return isUpper ? rangeOf(4, middle + 1, 0, last.hi, 0) : rangeOf(4, first.hi, 0, middle, 0);
  }
  const middle = first.lo + ((last.lo - first.lo) >>> 1);
  return isUpper ? rangeOf(6, first.hi, middle + 1, last.hi, last.lo) : rangeOf(6, first.hi, first.lo, first.hi, middle);
}
