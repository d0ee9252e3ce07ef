import { setTimeout as sleep } from "node:timers/promises";
import { parseIp } from "../src/address/index.ts";
import { fetchZone } from "../src/io/zone-transfer.ts";
import { freePort } from "../test/support/process.ts";
import { WorldPrimary } from "./discovery-primary.ts";
import { WorldQsr } from "./discovery-qsr.ts";
import { APEX, SignedWorld } from "./discovery-world.ts";
import { cpuMs, memory } from "./process-usage.ts";
import { type Row, median } from "./table.ts";

/** After a start everything is read, kept on disk, and compiled as far as it will be. */
const SETTLE_MS = 15_000;
/** For how long CPU time is compared, with a change and without. */
const WINDOW_MS = 1_500;
const FOUND = "catalogue: ";
const KEPT = "catalogue of the last run";

interface Change {
  /** From when NSD serves it, and from when its files were changed; milliseconds. */
  readonly knownMs: number;
  readonly afterReloadMs: number;
  readonly cpuMs: number;
  readonly octets: number;
}

interface Found {
  /** From the start of the process. */
  readonly ms: number;
  readonly rss: { readonly now: number; readonly most: number };
}

/**
 * `drtm qsr` beside NSD with the full-size world, its registry signed: how soon it knows all MABs, how soon it answers with the
 * catalogue of its last run, how much memory it needs, and what one MAB more or less costs.
 */
export async function benchDiscovery(starts: number, changes: number, progress: (text: string) => void): Promise<Row[]> {
  const world = await SignedWorld.make(progress);
  const notifyPort = await freePort();
  let primary: WorldPrimary | undefined;
  try {
    progress("NSD loads the zones");
    primary = await WorldPrimary.start(world, notifyPort);
    const bench = new DiscoveryBench(world, primary, notifyPort, progress);
    return summarise(world, await bench.starts(starts), await bench.restarts(starts), await bench.changes(changes));
  } finally {
    await primary?.stop();
    world.remove();
  }
}

class DiscoveryBench {
  readonly #world: SignedWorld;
  readonly #primary: WorldPrimary;
  readonly #notifyPort: number;
  readonly #progress: (text: string) => void;

  constructor(world: SignedWorld, primary: WorldPrimary, notifyPort: number, progress: (text: string) => void) {
    this.#world = world;
    this.#primary = primary;
    this.#notifyPort = notifyPort;
    this.#progress = progress;
  }

  /** Milliseconds from the start of the process until all MABs are known, and memory some time later. */
  async starts(count: number): Promise<Found[]> {
    const found: Found[] = [];
    for (let round = 1; round <= count; round++) {
      this.#progress(`start ${round} of ${count} without a kept catalogue`);
      await this.#with(false, async (qsr) => {
        const ms = (await qsr.says(`${FOUND}${this.#world.mabs} MABs`)) - qsr.startedAt;
        await sleep(SETTLE_MS);
        found.push({ ms, rss: memory(qsr.pid) });
      });
    }
    return found;
  }

  /** Milliseconds from the start of the process to its first answer, with the catalogue of the run before. */
  async restarts(count: number): Promise<number[]> {
    this.#progress("a run that keeps its catalogue");
    await this.#with(true, (qsr) => qsr.says(FOUND));
    const times: number[] = [];
    for (let round = 1; round <= count; round++) {
      this.#progress(`start ${round} of ${count} with a kept catalogue`);
      await this.#with(true, async (qsr) => {
        times.push((await qsr.answers(this.#world.addressInNoMab)) - qsr.startedAt);
        await qsr.says(KEPT);
      });
    }
    return times;
  }

  /** One MAB more or less at a time, of which NSD tells by NOTIFY. */
  async changes(count: number): Promise<Change[]> {
    const changes: Change[] = [];
    await this.#with(true, async (qsr) => {
      await qsr.says(KEPT);
      await sleep(SETTLE_MS);
      for (let round = 1; round <= count; round++) {
        this.#progress(`change ${round} of ${count}`);
        changes.push(await this.#change(qsr));
      }
    });
    return changes;
  }

  async #change(qsr: WorldQsr): Promise<Change> {
    const from = this.#world.serial;
    const mabs = this.#world.change();
    const idle = await cpuDuring(qsr.pid, () => sleep(WINDOW_MS));
    const before = Date.now();
    let [served, known] = [0, 0];
    const busy = await cpuDuring(qsr.pid, async () => {
      served = await this.#primary.reload(this.#world.serial);
      known = await qsr.says(`${FOUND}${mabs} MABs`, before);
      await sleep(Math.max(0, before + WINDOW_MS - Date.now()));
    });
    const cost = busy.cpuMs - (idle.cpuMs * busy.ms) / idle.ms;
    return { knownMs: known - served, afterReloadMs: known - before, cpuMs: cost, octets: await this.#incrementOctets(from) };
  }

  /** What the QSR was sent: the same increment, fetched once more. */
  async #incrementOctets(from: number): Promise<number> {
    const fetched = await fetchZone({ apex: APEX, primaries: [{ address: parseIp("127.0.0.1"), port: this.#primary.port }], from });
    if (fetched.kind !== "increments") throw new Error(`NSD gave the change as "${fetched.kind}", not as an increment`);
    return fetched.octets;
  }

  async #with(keeps: boolean, work: (qsr: WorldQsr) => Promise<unknown>): Promise<void> {
    const qsr = await WorldQsr.start(this.#world, this.#primary.port, this.#notifyPort, keeps);
    try {
      await work(qsr);
    } finally {
      await qsr.stop();
    }
  }
}

async function cpuDuring(pid: number, work: () => Promise<unknown>): Promise<{ cpuMs: number; ms: number }> {
  const [cpu, time] = [cpuMs(pid), performance.now()];
  await work();
  return { cpuMs: cpuMs(pid) - cpu, ms: performance.now() - time };
}

function summarise(world: SignedWorld, found: readonly Found[], answered: readonly number[], changes: readonly Change[]): Row[] {
  return [
    row("process start to all MABs known", found.map(({ ms }) => ms), "ms", `${world.mabs.toLocaleString("en")} MABs, ${world.recordCount.toLocaleString("en")} records, ${world.zones.length} zones`),
    row("process start to first answer, catalogue kept", answered, "ms"),
    row("memory, 4,000 QSAs known", found.map(({ rss }) => rss.now), "MiB RSS", `most ${Math.round(Math.max(...found.map(({ rss }) => rss.most)))}`),
    row("one MAB changed: known after NSD serves it", changes.map(({ knownMs }) => knownMs), "ms"),
    row("one MAB changed: known after NSD is told", changes.map(({ afterReloadMs }) => afterReloadMs), "ms", "NSD reads and compares the zone first"),
    row("one MAB changed: CPU of the QSR, all threads", changes.map((change) => change.cpuMs), "ms", "ZONEMD and signatures checked"),
    row("one MAB changed: transferred", changes.map(({ octets }) => octets), "octets", "the increment, signed"),
  ];
}

/** The median, and what lies beside it. */
function row(what: string, values: readonly number[], unit: string, more?: string): Row {
  const spread = `${Math.round(Math.min(...values))} to ${Math.round(Math.max(...values))}`;
  return { what, value: median(values), unit, note: more === undefined ? spread : `${spread}; ${more}` };
}
