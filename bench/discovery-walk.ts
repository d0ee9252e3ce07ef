import { freePort } from "../test/support/process.ts";
import { Unbound } from "../test/support/unbound.ts";
import { WorldPrimary } from "./discovery-primary.ts";
import { WorldQsr } from "./discovery-qsr.ts";
import { SignedWorld } from "./discovery-world.ts";
import { cpuMs, memory } from "./process-usage.ts";
import { versionOf } from "./program-version.ts";
import { type Row, median, medianRow } from "./table.ts";

/** How often the QSR asks for the registry's SOA: nobody tells it of changes. */
const REFRESH_SECONDS = 2;

/** Until all MABs were known, or a change. */
interface Walk {
  readonly ms: number;
  readonly cpuMs: number;
  /** Questions that the resolver was asked. */
  readonly questions: number;
}

interface Walks {
  readonly firsts: Walk[];
  /** One MAB more; one less, which counts only when a second walk, from the beginning, agrees. */
  readonly added: Walk[];
  readonly gone: Walk[];
  readonly memoryMiB: number[];
}

/** `drtm qsr` reads the full-size world by ordinary queries through Unbound, unsigned and signed; then what has changed. */
export async function benchWalk(starts: number, changes: number, progress: (text: string) => void): Promise<Row[]> {
  const world = await SignedWorld.make(progress);
  let [primary, unbound]: [WorldPrimary?, Unbound?] = [];
  try {
    progress("NSD and Unbound start");
    primary = await WorldPrimary.start(world, await freePort());
    const { port } = primary;
    unbound = await Unbound.start(Object.fromEntries(world.zones.map((zone) => [`${zone}.`, port])));
    const bench = new WalkBench(world, primary, unbound, progress);
    const rows: Row[] = [];
    for (const isValidated of [false, true]) rows.push(...rowsOf(isValidated ? "each answer validated" : "unsigned", await bench.walks(isValidated, starts, changes)));
    return [{ ...rows[0]!, note: `${rows[0]!.note}; ${versionOf("unbound", "-V")}` }, ...rows.slice(1)];
  } finally {
    await Promise.all([unbound?.stop(), primary?.stop()]);
    world.remove();
  }
}

class WalkBench {
  readonly #world: SignedWorld;
  readonly #primary: WorldPrimary;
  readonly #unbound: Unbound;
  readonly #progress: (text: string) => void;
  #mabs: number;

  constructor(world: SignedWorld, primary: WorldPrimary, unbound: Unbound, progress: (text: string) => void) {
    this.#world = world;
    this.#primary = primary;
    this.#unbound = unbound;
    this.#progress = progress;
    this.#mabs = world.mabs;
  }

  async walks(isValidated: boolean, starts: number, changes: number): Promise<Walks> {
    const walks: Walks = { firsts: [], added: [], gone: [], memoryMiB: [] };
    const kind = isValidated ? "validated walk" : "walk";
    for (let start = 1; start <= starts; start++) {
      this.#progress(`${kind} ${start} of ${starts}`);
      const asked = this.#unbound.questions().asked;
      const qsr = await WorldQsr.start(this.#world, { servers: [this.#unbound.port], isValidated, refreshSeconds: REFRESH_SECONDS });
      try {
        const known = await qsr.says(`catalogue: ${this.#mabs} MABs`);
        walks.firsts.push({ ms: known - qsr.startedAt, cpuMs: cpuMs(qsr.pid), questions: this.#unbound.questions().asked - asked });
        const changesNow = start === starts ? changes : 0;
        for (let change = 1; change <= changesNow; change++) {
          this.#progress(`${kind}, change ${change} of ${changes}`);
          (change % 2 === 1 ? walks.added : walks.gone).push(await this.#change(qsr));
        }
        walks.memoryMiB.push(memory(qsr.pid).most);
      } finally {
        await qsr.stop();
      }
    }
    return walks;
  }

  /** From when NSD serves it. */
  async #change(qsr: WorldQsr): Promise<Walk> {
    this.#mabs = this.#world.change();
    const [before, { asked }, cpuBefore] = [Date.now(), this.#unbound.questions(), discoveryCpu(qsr)];
    const served = await this.#primary.reload(this.#world.serial);
    const known = await qsr.says(`catalogue: ${this.#mabs} MABs`, before);
    return { ms: known - served, cpuMs: discoveryCpu(qsr) - cpuBefore, questions: this.#unbound.questions().asked - asked };
  }
}

function discoveryCpu(qsr: WorldQsr): number {
  return cpuMs(qsr.pid, (thread) => thread === "discovery");
}

function rowsOf(kind: string, { firsts, added, gone, memoryMiB }: Walks): Row[] {
  return [
    medianRow(`${kind}: process start to all MABs known`, firsts.map(({ ms }) => ms), "ms", { note: `${Math.round(median(firsts.map((walk) => walk.cpuMs)))} ms of CPU, all threads` }),
    medianRow(`${kind}: questions`, firsts.map(({ questions }) => questions), "questions"),
    medianRow(`${kind}: memory, the most`, memoryMiB, "MiB RSS"),
    ...changeRows(`${kind}: one MAB more`, added, `the SOA is asked for every ${REFRESH_SECONDS} s, and cached for 1 s`),
    ...changeRows(`${kind}: one MAB less`, gone, "walked a second time, from the beginning"),
  ];
}

function changeRows(what: string, changes: readonly Walk[], note: string): Row[] {
  return [
    medianRow(`${what}, known after NSD serves it`, changes.map(({ ms }) => ms), "ms", { note }),
    medianRow(`${what}, questions`, changes.map(({ questions }) => questions), "questions"),
    medianRow(`${what}, CPU of the discovery thread`, changes.map((walk) => walk.cpuMs), "ms"),
  ];
}
