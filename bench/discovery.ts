import { parseIp } from "../src/address/index.ts";
import { fetchZone } from "../src/io/zone-transfer.ts";
import { freePort } from "../test/support/process.ts";
import { type Change, type Life, liveThrough } from "./discovery-life.ts";
import { WorldPrimary } from "./discovery-primary.ts";
import { WorldQsas } from "./discovery-qsas.ts";
import { WorldQsr } from "./discovery-qsr.ts";
import { APEX, SignedWorld } from "./discovery-world.ts";
import { versionOf } from "./program-version.ts";
import { type Row, median, medianRow } from "./table.ts";

const SAMPLES = 3;
/** After its first answer; what it does then is no part of a start. */
const KEPT = "catalogue of the last run";

/**
 * `drtm qsr` beside NSD with the full-size world, its registry signed, and 4,000 QSAs that answer: how soon it knows all MABs, how soon
 * it answers with the catalogue of its last run, how soon it has measured all QSAs, what memory it needs, and what one MAB more or
 * less costs, as an increment and as a whole zone.
 */
export async function benchDiscovery(starts: number, changes: number, wholes: number, progress: (text: string) => void): Promise<Row[]> {
  const world = await SignedWorld.make(progress);
  const notifyPort = await freePort();
  let [qsas, primary]: [WorldQsas?, WorldPrimary?] = [];
  try {
    progress("4,000 QSAs, and NSD, which loads the zones");
    qsas = await WorldQsas.start();
    primary = await WorldPrimary.start(world, notifyPort);
    const from = { port: primary.port, notifyPort };
    const { octets } = await fetchZone({ apex: APEX, primaries: [{ address: parseIp("127.0.0.1"), port: primary.port }] });
    const fresh = await startsOf(world, from, starts, progress);
    const kept = await restartsOf(world, from, starts, progress);
    const life = await liveThrough({ world, qsas, primary, notifyPort, changes, wholes, samples: SAMPLES, progress });
    return [...startRows(world, octets, fresh, kept), ...lifeRows(life)];
  } finally {
    await Promise.all([primary?.stop(), qsas?.stop()]);
    world.remove();
  }
}

interface From {
  readonly port: number;
  readonly notifyPort: number;
}

/** Milliseconds from the start of the process until all MABs are known. */
async function startsOf(world: SignedWorld, primary: From, count: number, progress: (text: string) => void): Promise<number[]> {
  const times: number[] = [];
  // The first one is not counted: it may have to compile, and keeps what it has compiled.
  for (let round = 0; round <= count; round++) {
    progress(`start ${round} of ${count} without a kept catalogue`);
    await withQsr(world, primary, false, async (qsr) => {
      times.push((await qsr.says(`catalogue: ${world.mabs} MABs`)) - qsr.startedAt);
    });
  }
  return times.slice(1);
}

/** Milliseconds from the start of the process to its first answer, with the catalogue of the run before. */
async function restartsOf(world: SignedWorld, primary: From, count: number, progress: (text: string) => void): Promise<number[]> {
  progress("a run that keeps its catalogue");
  await withQsr(world, primary, true, (qsr) => qsr.says(`catalogue: ${world.mabs} MABs`));
  const times: number[] = [];
  for (let round = 1; round <= count; round++) {
    progress(`start ${round} of ${count} with a kept catalogue`);
    await withQsr(world, primary, true, async (qsr) => {
      times.push((await qsr.answers(world.addressInNoMab)) - qsr.startedAt);
      await qsr.says(KEPT);
    });
  }
  return times;
}

async function withQsr(world: SignedWorld, primary: From, keeps: boolean, work: (qsr: WorldQsr) => Promise<unknown>): Promise<void> {
  const qsr = await WorldQsr.start(world, { primary, servers: [primary.port], ...(keeps ? { keepsIn: "restarts" } : {}) });
  try {
    await work(qsr);
  } finally {
    await qsr.stop();
  }
}

function startRows(world: SignedWorld, octets: number, fresh: readonly number[], kept: readonly number[]): Row[] {
  const size = `${world.mabs.toLocaleString("en")} MABs, ${world.recordCount.toLocaleString("en")} records, ${(octets / 1e6).toFixed(1)} MB from ${versionOf("nsd", "-v")}; ${world.zones.length} zones`;
  return [
    medianRow("process start to all MABs known", fresh, "ms", { bound: { most: 2_000 }, note: size }),
    medianRow("process start to first answer, catalogue kept", kept, "ms", { bound: { most: 500 } }),
  ];
}

function lifeRows({ measured, startedAt, memory, pausesMs, increments, wholes }: Life): Row[] {
  const seconds = measured.at === undefined ? Infinity : (measured.at - startedAt) / 1_000;
  return [
    { what: `process start to all 4,000 QSAs measured ${SAMPLES} times each`, value: seconds, unit: "s", bound: { most: 30 } },
    { what: "probes that arrive, the most in any 5 s", value: measured.mostInFive, unit: "probes/s", bound: { most: 500 }, note: `${measured.mostInOne} in any 1 s` },
    { what: "memory, all known and measured", value: memory.known.now, unit: "MiB RSS", bound: { most: 300 }, note: `most until then ${memory.known.most.toFixed(0)}` },
    { what: "memory, after changes and whole transfers", value: memory.end.now, unit: "MiB RSS", bound: { most: 300 } },
    { what: "memory, the most it has ever been", value: memory.end.most, unit: "MiB RSS", bound: { most: 300 } },
    pauseRow("engine's longest pause while it starts", [pausesMs.start]),
    pauseRow("engine's longest pause while QSAs are measured", [pausesMs.measuring]),
    ...changeRows("one MAB changed", increments, { knownMs: 1_000, cpuMs: 15, octets: 2_048 }),
    ...changeRows("the same as a whole zone", wholes),
  ];
}

interface ChangeBounds {
  readonly knownMs: number;
  readonly cpuMs: number;
  readonly octets: number;
}

function changeRows(what: string, changes: readonly Change[], bounds?: ChangeBounds): Row[] {
  const most = (name: keyof ChangeBounds) => (bounds === undefined ? {} : { bound: { most: bounds[name] } });
  return [
    medianRow(`${what}: known after NSD serves it`, changes.map(({ knownMs }) => knownMs), "ms", most("knownMs")),
    medianRow(`${what}: CPU of the discovery thread`, changes.map((change) => change.cpuMs), "ms", { ...most("cpuMs"), note: "signatures and ZONEMD checked" }),
    medianRow(`${what}: transferred`, changes.map(({ octets }) => octets), "octets", most("octets")),
    pauseRow(`${what}: engine's longest pause`, changes.map(({ pauseMs }) => pauseMs)),
  ];
}

/** By the clock: the machine may have made the thread wait. */
function pauseRow(what: string, pausesMs: readonly number[]): Row {
  return { what, value: median(pausesMs), unit: "ms", note: `at most; longest of ${pausesMs.length}: ${Math.max(...pausesMs)}` };
}
