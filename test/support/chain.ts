import { parseIp } from "../../src/address/index.ts";
import type { ServerEntry } from "../../src/core/mabs/catalogue-content.ts";
import { Itr, type ItrEvent } from "../../src/core/itr.ts";
import { DEFAULT_INTERVALS } from "../../src/core/querier/prober.ts";
import { Qsc } from "../../src/core/qsc.ts";
import { EngineStation, seeded } from "./virtual-network.ts";
import { CLIENTS, LIMITS, QSR_ENDPOINT, World } from "./world.ts";

export const QSC_ENDPOINT = "10.0.0.2:4344";
export const ITR_ENDPOINT = "10.0.0.3:40000";

export function serverAt(endpoint: string): ServerEntry {
  const [host, port] = endpoint.split(":") as [string, string];
  return { name: host, address: parseIp(host), port: Number(port), tier: 1, region: "", weight: 100 };
}

/** A world with a QSC that asks its QSR, and an ITR that asks the servers it is told to: the whole chain. */
export class Chain extends World {
  readonly qsc: Qsc;
  readonly qscStation: EngineStation;
  readonly itr: Itr;
  readonly itrStation: EngineStation;
  readonly events: ItrEvent[] = [];
  #token = 0;

  constructor(rttsMs: readonly number[], upstreams: readonly string[] = [QSC_ENDPOINT]) {
    super(rttsMs);
    const asking = { intervals: DEFAULT_INTERVALS, cachingMostMs: 3_600_000 };
    this.qsc = new Qsc({ ...asking, limits: LIMITS, clients: CLIENTS, nextU32: seeded(11), links: { 4: 1, 6: undefined }, maxUpstreams: 8, keepFresh: 8 });
    this.qscStation = new EngineStation(this.network, this.qsc, [QSC_ENDPOINT, "10.0.0.2:40000"]);
    this.qsc.setUpstreams(this.network.now, [serverAt(QSR_ENDPOINT)]);
    this.itr = new Itr({ ...asking, maxEntries: 1024, nextU32: seeded(12), links: { 4: 0, 6: undefined } });
    this.itrStation = new EngineStation(this.network, this.itr, [ITR_ENDPOINT]);
    this.itr.setUpstreams(this.network.now, upstreams.map(serverAt));
    this.network.run(2_000_000);
  }

  /** What the ITR knows of an address, asking where it must; undefined when there was no answer within 5 s. */
  lookUp(address: string): { etr: string | null; result: number; elapsed: number } | undefined {
    const { family, words } = parseIp(address);
    const started = this.network.now;
    const token = ++this.#token;
    const entry = this.itr.lookUp(started, family, words[0], family === 6 ? words[1] : 0, token);
    if (entry >= 0) {
      const { etr } = this.itr.read(started, entry);
      return { etr: etr === null ? null : etr.words.join("."), result: 0, elapsed: 0 };
    }
    this.itrStation.flush();
    let found: Extract<ItrEvent, { type: "answer" }> | undefined;
    this.network.runUntil(() => (found = this.#takeAnswer(token)) !== undefined, 5_000_000);
    const { mapping, result } = found!;
    return { etr: mapping?.etr?.words.join(".") ?? null, result, elapsed: this.network.now - started };
  }

  /** Moves what happened at the ITR into `events`. */
  drain(): void {
    for (let event = this.itr.pollEvent(); event !== undefined; event = this.itr.pollEvent()) this.events.push(event);
  }

  #takeAnswer(token: number): Extract<ItrEvent, { type: "answer" }> | undefined {
    this.drain();
    return this.events.find((event): event is Extract<ItrEvent, { type: "answer" }> => event.type === "answer" && event.token === token);
  }
}
