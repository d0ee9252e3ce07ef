/**
 * Queriers of a QSR and the QSA that it asks, in one loop: `miss-generator.ts MICRONETS DELAY` (microseconds, after which the QSA
 * takes what it is asked; 0: at once). Loads are those of OpenLoop and of StayLoop.
 */
import { parsePrefix } from "../src/address/index.ts";
import { BatchedDriver } from "../src/io/batch/batched-driver.ts";
import { serveParent } from "./child.ts";
import { LateEngine } from "./late-engine.ts";
import { LOOPBACK, requireNative } from "./load-querier.ts";
import { qsaWith } from "./micronets.ts";
import { MissUpstream, type UpstreamWatch } from "./miss-upstream.ts";
import { type OpenLoad, OpenLoop } from "./open-loop.ts";
import { type StayLoad, StayLoop, type StayResult } from "./stay-loop.ts";
import { WallClock } from "./wall-clock.ts";

const MOST_WAITING = 1 << 18;

const [micronets, delay] = process.argv.slice(2).map(Number) as [number, number];
const native = requireNative();
const clock = new WallClock(native);
const clients = { allow: [parsePrefix("127.0.0.0/8")], maxQueriesPerSecond: 10_000_000, maxQueriesPerSecondPerNetwork: 10_000_000, maxWaiting: 1024 };
const qsa = qsaWith(micronets, clients);
const { port, turn, tell } = delay === 0 ? promptly() : late();

idle();
serveParent({ port }, (load: OpenLoad | StayLoad) => ("stay" in load ? stay(load) : new OpenLoop(native, load, turn).run()));

/** The upstream of this loop: what it does when it is its turn, and who is told of what it is asked. */
interface Upstream {
  readonly port: number;
  readonly turn: () => void;
  readonly tell: (watch: UpstreamWatch | undefined) => void;
}

function promptly(): Upstream {
  const upstream = new MissUpstream(native, clock, qsa);
  return { port: upstream.port, turn: () => { upstream.turn(); }, tell: (watch) => { upstream.watch = watch; } };
}

/** So many are asked at one time then that it takes and sends them by messages of several. */
function late(): Upstream {
  const driver = new BatchedDriver(native, new LateEngine(qsa, delay, MOST_WAITING), [{ address: LOOPBACK, port: 0 }]);
  return { port: Number(driver.endpoint(0).split(":")[1]), turn: () => { driver.turn(0); }, tell: () => undefined };
}

function stay(load: StayLoad): StayResult {
  const loop = new StayLoop(native, clock, load, turn);
  tell(loop);
  const result = loop.run();
  tell(undefined);
  return result;
}

/** Between loads the thread's other work has its turn. */
function idle(): void {
  turn();
  setImmediate(idle);
}
