/**
 * Queriers of a QSR and the QSA that it asks, in one loop: `miss-generator.ts MICRONETS DELAY` (microseconds, after which the QSA
 * takes what it is asked; 0: at once). Loads are those of OpenLoop and of StayLoop.
 */
import { parsePrefix } from "../src/address/index.ts";
import { serveParent } from "./child.ts";
import { LateEngine } from "./late-engine.ts";
import { requireNative } from "./load-querier.ts";
import { qsaWith } from "./micronets.ts";
import { MissUpstream } from "./miss-upstream.ts";
import { type OpenLoad, OpenLoop } from "./open-loop.ts";
import { type StayLoad, StayLoop, type StayResult } from "./stay-loop.ts";
import { WallClock } from "./wall-clock.ts";

const MOST_WAITING = 1 << 18;

const [micronets, delay] = process.argv.slice(2).map(Number) as [number, number];
const native = requireNative();
const clock = new WallClock(native);
const clients = { allow: [parsePrefix("127.0.0.0/8")], maxQueriesPerSecond: 10_000_000, maxQueriesPerSecondPerNetwork: 10_000_000, maxWaiting: 1024 };
const upstream = new MissUpstream(native, clock, new LateEngine(qsaWith(micronets, clients), delay, MOST_WAITING));

idle();
serveParent({ port: upstream.port }, (load: OpenLoad | StayLoad) => ("stay" in load ? stay(load) : new OpenLoop(native, load, serve).run()));

function stay(load: StayLoad): StayResult {
  const loop = new StayLoop(native, clock, load, serve);
  upstream.watch = loop;
  const result = loop.run();
  upstream.watch = undefined;
  return result;
}

function serve(): void {
  upstream.turn();
}

/** Between loads the thread's other work has its turn. */
function idle(): void {
  upstream.turn();
  setImmediate(idle);
}
