import { setTimeout as sleep } from "node:timers/promises";
import { parseIp } from "../src/address/index.ts";
import { fetchZone } from "../src/io/zone-transfer.ts";
import type { WorldPrimary } from "./discovery-primary.ts";
import type { Measured, WorldQsas } from "./discovery-qsas.ts";
import { WorldQsr } from "./discovery-qsr.ts";
import { APEX, type SignedWorld } from "./discovery-world.ts";
import { cpuMs, memory } from "./process-usage.ts";

/** By then all QSAs have been measured, or it takes too long. */
const MEASURED_BY_MS = 40_000;
const LOOK_EVERY_MS = 1_000;
/** The catalogue is on disk soon after a change: that is part of its cost. */
const WINDOW_MS = 3_000;
const DISCOVERY_THREAD = "discovery";

export interface LifeOptions {
  readonly world: SignedWorld;
  readonly qsas: WorldQsas;
  readonly primary: WorldPrimary;
  readonly notifyPort: number;
  readonly changes: number;
  /** Changes that come as a whole zone. */
  readonly wholes: number;
  readonly samples: number;
  readonly progress: (text: string) => void;
}

/** What one MAB more or less cost. */
export interface Change {
  /** From when NSD serves it; milliseconds. */
  readonly knownMs: number;
  /** Until the catalogue is known, of discovery's thread. */
  readonly cpuMs: number;
  readonly octets: number;
  /** The longest of the engine. */
  readonly pauseMs: number;
}

export interface Life {
  readonly measured: Measured;
  /** Milliseconds of `monotonicMs`. */
  readonly startedAt: number;
  readonly memory: { readonly known: ReturnType<typeof memory>; readonly end: ReturnType<typeof memory> };
  /** The longest of the engine. */
  readonly pausesMs: { readonly start: number; readonly measuring: number };
  readonly increments: readonly Change[];
  readonly wholes: readonly Change[];
}

/** One QSR from its start, without a kept catalogue, until it has seen all changes. */
export async function liveThrough(options: LifeOptions): Promise<Life> {
  const { world, qsas, primary, notifyPort, samples, progress } = options;
  const qsr = await WorldQsr.start(world, { primary: { port: primary.port, notifyPort }, servers: [primary.port], keepsIn: "life" });
  try {
    await qsr.says(`catalogue: ${world.mabs} MABs`);
    const start = await qsr.longestPauseMs();
    const measured = await untilMeasured(qsas, qsr, samples, progress);
    const pausesMs = { start, measuring: await qsr.longestPauseMs() };
    const known = memory(qsr.pid);
    const increments = await changesOf(options.changes, "change", { world, primary, qsr, progress });
    progress("NSD starts again, without increments");
    await primary.forgetIncrements();
    const wholes = await changesOf(options.wholes, "change as a whole zone", { world, primary, qsr, progress });
    return { measured, startedAt: qsr.startedAtMonotonic, memory: { known, end: memory(qsr.pid) }, pausesMs, increments, wholes };
  } finally {
    await qsr.stop();
  }
}

async function untilMeasured(qsas: WorldQsas, qsr: WorldQsr, samples: number, progress: (text: string) => void): Promise<Measured> {
  const deadline = qsr.startedAt + MEASURED_BY_MS;
  for (;;) {
    await sleep(LOOK_EVERY_MS);
    progress(`QSAs are measured: ${(await qsas.count()).toLocaleString("en")} probes, ${((Date.now() - qsr.startedAt) / 1_000).toFixed(0)} s after the start`);
    const measured = await qsas.measured(qsr.startedAtMonotonic, samples);
    if (measured.at !== undefined || Date.now() > deadline) return measured;
  }
}

interface Changing {
  readonly world: SignedWorld;
  readonly primary: WorldPrimary;
  readonly qsr: WorldQsr;
  readonly progress: (text: string) => void;
}

async function changesOf(count: number, what: string, changing: Changing): Promise<Change[]> {
  const changes: Change[] = [];
  for (let round = 1; round <= count; round++) {
    changing.progress(`${what} ${round} of ${count}`);
    changes.push(await oneChange(changing));
  }
  return changes;
}

async function oneChange({ world, primary, qsr }: Changing): Promise<Change> {
  const from = world.serial;
  const mabs = world.change();
  await qsr.longestPauseMs();
  const [before, cpuBefore] = [Date.now(), discoveryCpu(qsr)];
  const served = await primary.reload(world.serial);
  const known = await qsr.says(`catalogue: ${mabs} MABs`, before);
  const cost = discoveryCpu(qsr) - cpuBefore;
  await sleep(Math.max(0, before + WINDOW_MS - Date.now()));
  return { knownMs: known - served, cpuMs: cost, octets: await octetsSince(from, primary), pauseMs: await qsr.longestPauseMs() };
}

function discoveryCpu(qsr: WorldQsr): number {
  return cpuMs(qsr.pid, (thread) => thread === DISCOVERY_THREAD);
}

/** What the QSR was sent: the same, fetched once more. */
async function octetsSince(from: number, { port }: WorldPrimary): Promise<number> {
  return (await fetchZone({ apex: APEX, primaries: [{ address: parseIp("127.0.0.1"), port }], from })).octets;
}
