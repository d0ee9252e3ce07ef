/**
 * A QSR whose only MAB has one QSA: `miss-qsr.ts ENTRIES PORT FETCHES PREALLOCATE` (of the QSA; keys that it may ask for at one time; `true` for
 * tables that have their memory from the start).
 */
import { type MessagePort, Worker, isMainThread, parentPort } from "node:worker_threads";
import { parsePrefix } from "../src/address/index.ts";
import { Catalogue } from "../src/core/mabs/catalogue.ts";
import { DEFAULT_INTERVALS } from "../src/core/querier/prober.ts";
import { UpstreamState } from "../src/core/querier/upstream-state.ts";
import { Qsr } from "../src/core/qsr.ts";
import { BatchLoop } from "../src/io/batch/batch-loop.ts";
import { hugeMemory } from "../src/io/batch/huge-memory.ts";
import { now } from "../src/io/clock.ts";
import { withoutIdleCollections } from "../src/io/idle-collections.ts";
import { nextU32 } from "../src/io/random.ts";
import { serveParent } from "./child.ts";
import { LOOPBACK, requireNative } from "./load-querier.ts";
import { MAB } from "./micronets.ts";

/** Counters of the engine, and what the process has used. */
export interface MissUsage {
  readonly cpuMicroseconds: number;
  readonly inFlight: number;
  /** Whether the QSA has answered. */
  readonly isReady: boolean;
  readonly retries: number;
  readonly repeated: number;
}

const [entries, port, maxFetches] = process.argv.slice(2).map(Number) as [number, number, number];

if (isMainThread) await serve();
else run(parentPort!);

async function serve(): Promise<void> {
  const engine = withoutIdleCollections(() => new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) }));
  const next = (): Promise<object> => new Promise((done) => engine.once("message", done));
  serveParent({ ...(await next()), pid: process.pid }, async () => {
    const { user, system } = process.cpuUsage();
    engine.postMessage("counters");
    return { ...(await next()), cpuMicroseconds: user + system };
  });
}

/** The engine thread. */
function run(parent: MessagePort): void {
  const qsr = new Qsr({
    memory: hugeMemory(requireNative(), { preallocate: process.argv[5] === "true" }),
    limits: { maxEntries: entries, maxPromises: 2 * entries, maxUpdates: 1 << 13, maxPeers: 1 << 12 },
    clients: { allow: [parsePrefix("127.0.0.0/8")], maxQueriesPerSecond: 10_000_000, maxQueriesPerSecondPerNetwork: 10_000_000, maxWaiting: 32_768 },
    nextU32,
    links: { 4: 1, 6: undefined },
    maxUpstreams: 16,
    keepFresh: 3,
    intervals: DEFAULT_INTERVALS,
    cachingMostMs: 3_600_000,
    gapCachingMs: 60_000,
    maxFetches,
  });
  const server = { name: "qsa.dsoc.example.", address: LOOPBACK, port, tier: 10, region: "", weight: 100 };
  qsr.setCatalogue(now(), Catalogue.of({ mabs: [{ prefix: MAB, services: [0], set: "s" }], services: [{ name: "s1.dsoc.example.", servers: [server] }] }));
  const loop = new BatchLoop(requireNative(), qsr, [0, 1].map(() => ({ address: LOOPBACK, port: 0 })));
  loop.wake();
  loop.begin();
  const { fetcher, upstreams } = qsr.querier;
  const tell = (message: object): void => {
    parent.postMessage(message);
  };
  parent.on("message", () => {
    const isReady = [...upstreams.listed()].every(({ state }) => state === UpstreamState.up);
    tell({ inFlight: fetcher.inFlight, isReady, retries: fetcher.counters.retries, repeated: qsr.server.responder.repeater.counters.repliesRepeated });
  });
  tell({ port: Number(loop.endpoint(0).split(":")[1]) });
}
