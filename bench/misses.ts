import { setTimeout as sleep } from "node:timers/promises";
import { Child } from "./child.ts";
import { GENERATOR_CORE, SERVER_CORE, startEchoInC } from "./loaded-server.ts";
import type { MissUsage } from "./miss-qsr.ts";
import type { OpenLoad, OpenResult } from "./open-loop.ts";
import { memory } from "./process-usage.ts";
import { ReferenceServer } from "./reference-server.ts";
import type { StayLoad, StayResult } from "./stay-loop.ts";
import { type Row, median, medianRow } from "./table.ts";

const MOST_ADDED = { p50: 60, p99: 250 };
/** So few that each is over before the next one comes. */
const SELDOM = 1_000;
/** For how long compiling is none of anybody's business: with a load as heavy as that, and with whole rounds. */
const WARM_PER_SECOND = 20_000;
const WARM_ROUNDS = 2;
/** The generator's own garbage is collected once a second in place of ten times: a collection keeps it from its sockets. */
const GENERATOR_FLAGS = ["--min-semi-space-size=32", "--max-semi-space-size=32"];
const LOOK_EVERY_MS = 50;
/** The tables of a QSR that has the default of its configuration, and one that has too few. */
const FETCHES = 131_072;
const FEW_FETCHES = 16_384;
/** What makes 100,000 wait at one time: so many a second, answered so much later; below the 2 s after which a query has failed. */
const WANTED_IN_FLIGHT = 100_000;
const LATE_PER_SECOND = 70_000;
const LATE_MICROSECONDS = 1_500_000;
const LATE_LOAD_MS = 1_700;
/** Until the QSR knows how far it is to a QSA that answers late. */
const MEETING_PER_SECOND = 200;

export interface MissSize {
  readonly micronets: number;
  readonly rounds: number;
  readonly milliseconds: number;
}

/** A QSR, on a core of its own; its queriers, and the QSA that it asks, on the other. */
class MissPair {
  readonly #generator: Child;
  readonly #qsr: Child;
  readonly #micronets: number;
  readonly #ports: { readonly qsr: number; readonly qsa: number };
  readonly pid: number;
  #from = 0;

  private constructor(generator: Child, qsr: Child, micronets: number, ports: { qsr: number; qsa: number }, pid: number) {
    this.#generator = generator;
    this.#qsr = qsr;
    this.#micronets = micronets;
    this.#ports = ports;
    this.pid = pid;
  }

  /**
   * `delay`: microseconds, after which the QSA takes what it is asked; `preallocate`: as `cache.preallocate` of a QSR's configuration. Waits
   * until the QSR has heard of its QSA.
   */
  static async start(micronets: number, fetches: number, delay: number, preallocate: boolean): Promise<MissPair> {
    const generator = await Child.start<{ port: number }>("miss-generator.ts", [micronets, delay].map(String), GENERATOR_CORE, { flags: GENERATOR_FLAGS });
    try {
      const qsa = generator.ready.port;
      const qsr = await Child.start<{ port: number; pid: number }>("miss-qsr.ts", [micronets, qsa, fetches, preallocate].map(String), SERVER_CORE);
      const pair = new MissPair(generator.child, qsr.child, micronets, { qsr: qsr.ready.port, qsa }, qsr.ready.pid);
      while (!(await pair.usage()).isReady) await sleep(LOOK_EVERY_MS);
      return pair;
    } catch (error) {
      await generator.child.stop();
      throw error;
    }
  }

  get qsaPort(): number {
    return this.#ports.qsa;
  }

  usage(): Promise<MissUsage> {
    return this.#qsr.ask<MissUsage>("usage");
  }

  /** Asks for micronets that nobody has asked for before. */
  async load(perSecond: number, milliseconds: number, more: { readonly rampMs?: number; readonly patienceMs?: number } = {}): Promise<OpenResult> {
    const load: OpenLoad = { port: this.#ports.qsr, micronets: this.#micronets, milliseconds, perSecond, isJoined: false, from: this.#from, ...more };
    const result = await this.#generator.ask<OpenResult>(load);
    this.#from = result.next;
    if (this.#from > this.#micronets) throw new Error(`${this.#from} micronets were asked for, of ${this.#micronets}`);
    return result;
  }

  /** How long misses stay at the QSR, each of a micronet that nobody has asked for before. */
  async stay(perSecond: number, milliseconds: number): Promise<StayResult> {
    const result = await this.stayAt(this.#ports.qsr, perSecond, milliseconds);
    this.#from = result.next;
    return result;
  }

  /** The same at a server that sends back what comes, or passes it on. */
  stayAt(port: number, perSecond: number, milliseconds: number): Promise<StayResult> {
    return this.#generator.ask<StayResult>({ stay: true, port, micronets: this.#micronets, milliseconds, perSecond, from: this.#from } satisfies StayLoad);
  }

  /** The same load on a server that sends back what comes, or passes it on. */
  echo(port: number, perSecond: number, milliseconds: number): Promise<OpenResult> {
    return this.#generator.ask<OpenResult>({ port, micronets: this.#micronets, milliseconds, perSecond, isJoined: false } satisfies OpenLoad);
  }

  async stop(): Promise<void> {
    await Promise.all([this.#generator.stop(), this.#qsr.stop()]);
  }
}

/**
 * What a miss costs a QSR, in time and CPU, and what becomes of a hundred thousand that wait at one time. The time is that which misses are in
 * its hands, longer than requests are in those of an echo in C on its core; at half load, what a querier sees, longer than with the echo, and
 * what the QSA takes counts too.
 */
export async function benchMisses(size: MissSize, progress: (text: string) => void): Promise<Row[]> {
  return [...(await added(size, progress)), ...(await inFlight(FETCHES, progress)), ...(await inFlight(FEW_FETCHES, progress))];
}

interface Round {
  readonly bare: StayResult;
  /** Through a relay in C to the same QSA. */
  readonly relayed: StayResult;
  readonly seldom: StayResult;
  readonly halfBare: OpenResult;
  readonly half: OpenResult;
  /** CPU of a miss at half load, microseconds. */
  readonly cost: number;
}

async function added({ micronets, rounds, milliseconds }: MissSize, progress: (text: string) => void): Promise<Row[]> {
  const echo = await startEchoInC();
  const pair = await MissPair.start(micronets, FETCHES, 0, true);
  const relay = await ReferenceServer.start("relay", SERVER_CORE, [String(pair.qsaPort)]);
  try {
    progress("code is compiled");
    const halfLoad = 5e5 / (await costOf(pair, WARM_PER_SECOND, milliseconds)).cost;
    for (let round = 1; round <= WARM_ROUNDS; round++) await measure(pair, echo.port, relay.port, halfLoad, milliseconds);
    const results: Round[] = [];
    for (let round = 1; round <= rounds; round++) {
      progress(`misses, round ${round} of ${rounds}`);
      results.push(await measure(pair, echo.port, relay.port, halfLoad, milliseconds));
    }
    const of = (pick: (round: Round) => number): number[] => results.map(pick);
    return [
      medianRow("a request stays at an echo in C, p50", of(({ bare }) => bare.p50), "us", { note: `${SELDOM.toLocaleString("en")} requests/s` }),
      medianRow("the same, p99", of(({ bare }) => bare.p99), "us"),
      medianRow("a miss stays longer at the QSR, p50", of(({ bare, seldom }) => seldom.p50 - bare.p50), "us", { bound: { most: MOST_ADDED.p50 }, note: `${SELDOM.toLocaleString("en")} misses/s; without what the QSA takes` }),
      medianRow("the same, p99", of(({ bare, seldom }) => seldom.p99 - bare.p99), "us", { bound: { most: MOST_ADDED.p99 }, note: "beyond the p99 of the echo" }),
      medianRow("a miss stays at the QSR, p99", of(({ seldom }) => seldom.p99), "us"),
      medianRow("a request stays longer at a relay in C, p50", of(({ bare, relayed }) => relayed.p50 - bare.p50), "us", { note: "to the QSA and back, with nothing done on the way" }),
      medianRow("the same, p99", of(({ bare, relayed }) => relayed.p99 - bare.p99), "us"),
      medianRow("CPU of a miss", of(({ cost }) => cost), "us", { note: `at ${Math.round(median(of(({ half }) => half.perSecond))).toLocaleString("en")} misses/s, for half of a core` }),
      medianRow("at half load a miss takes longer, p50", of(({ halfBare, half }) => half.p50 - halfBare.p50), "us"),
      medianRow("the same, p99", of(({ halfBare, half }) => half.p99 - halfBare.p99), "us", { note: "beyond the p99 of the echo" }),
    ];
  } finally {
    await Promise.all([echo.stop(), relay.stop(), pair.stop()]);
  }
}

/** One round: the loads that are compared follow each other. */
async function measure(pair: MissPair, echo: number, relay: number, halfLoad: number, milliseconds: number): Promise<Round> {
  const bare = await pair.stayAt(echo, SELDOM, milliseconds);
  const relayed = await pair.stayAt(relay, SELDOM, milliseconds);
  const seldom = await pair.stay(SELDOM, milliseconds);
  const halfBare = await pair.echo(echo, halfLoad, milliseconds);
  const { result: half, cost } = await costOf(pair, halfLoad, milliseconds);
  return { bare, relayed, seldom, halfBare, half, cost };
}

/** With what it has cost the QSR a miss, in microseconds of CPU. */
async function costOf(pair: MissPair, perSecond: number, milliseconds: number): Promise<{ readonly result: OpenResult; readonly cost: number }> {
  const before = (await pair.usage()).cpuMicroseconds;
  const result = await pair.load(perSecond, milliseconds);
  return { result, cost: ((await pair.usage()).cpuMicroseconds - before) / result.answers };
}

/** A QSA that answers late, and more misses until then than there is room for, or just not. */
async function inFlight(fetches: number, progress: (text: string) => void): Promise<Row[]> {
  const name = `room for ${fetches.toLocaleString("en")}`;
  progress(`${name}: the QSR meets a QSA that answers late`);
  const micronets = Math.ceil(1.2 * (LATE_PER_SECOND * LATE_LOAD_MS) / 1000);
  const pair = await MissPair.start(micronets, fetches, LATE_MICROSECONDS, false);
  try {
    const patienceMs = LATE_MICROSECONDS / 1000 + 1_000;
    await pair.load(MEETING_PER_SECOND, 1_000, { patienceMs });
    progress(`${name}: ${LATE_PER_SECOND.toLocaleString("en")} misses/s, each answered after ${LATE_MICROSECONDS / 1e6} s`);
    const before = await pair.usage();
    const memoryBefore = memory(pair.pid).now;
    const loading = pair.load(LATE_PER_SECOND, LATE_LOAD_MS, { rampMs: 0, patienceMs });
    const most = await mostInFlight(pair, loading);
    const { crowd, lostHere, lostThere } = await loading;
    const after = await pair.usage();
    const isEnough = fetches >= WANTED_IN_FLIGHT;
    const lost = crowd.asked - crowd.answered - crowd.refused - crowd.failed;
    const percent = (part: number): number => (100 * part) / crowd.asked;
    return [
      { what: `${name}: in flight, most`, value: most, unit: "misses", ...(isEnough ? { bound: { least: WANTED_IN_FLIGHT } } : {}), note: `${LATE_PER_SECOND.toLocaleString("en")} a second, answered after ${LATE_MICROSECONDS / 1e6} s` },
      { what: `${name}: answered`, value: percent(crowd.answered), unit: "%", note: `${crowd.refused.toLocaleString("en")} refused at once, ${crowd.failed.toLocaleString("en")} after 2 s; ${lost.toLocaleString("en")} lost in sockets` },
      { what: `${name}: forgotten`, value: Math.max(0, lost - lostHere - lostThere), unit: "misses", bound: { most: 0 } },
      { what: `${name}: memory of one`, value: ((memory(pair.pid).most - memoryBefore) * 2 ** 20) / most, unit: "octets", note: "all that the process has grown by" },
      { what: `${name}: CPU of one`, value: (after.cpuMicroseconds - before.cpuMicroseconds) / crowd.asked, unit: "us", note: `${(after.retries - before.retries).toLocaleString("en")} asked again, ${(after.repeated - before.repeated).toLocaleString("en")} answers sent again` },
    ];
  } finally {
    await pair.stop();
  }
}

/** Until the load is over. */
async function mostInFlight(pair: MissPair, loading: Promise<OpenResult>): Promise<number> {
  const over = loading.then(() => true);
  let most = 0;
  do most = Math.max(most, (await pair.usage()).inFlight);
  while (!(await Promise.race([over, sleep(LOOK_EVERY_MS)])));
  return most;
}
