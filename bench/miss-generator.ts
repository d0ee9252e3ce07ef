/**
 * Queriers of a QSR and the QSA that it asks, in one loop: `miss-generator.ts MICRONETS DELAY` (microseconds, after which the QSA
 * takes what it is asked; 0: at once). Loads are those of OpenLoop.
 */
import { parsePrefix } from "../src/address/index.ts";
import { BatchedDriver } from "../src/io/batch/batched-driver.ts";
import { serveParent } from "./child.ts";
import { LateEngine } from "./late-engine.ts";
import { LOOPBACK, requireNative } from "./load-querier.ts";
import { qsaWith } from "./micronets.ts";
import { type OpenLoad, OpenLoop } from "./open-loop.ts";

/** In microseconds: between loads the thread's other work has its turn. */
const IDLE_TURN = 1_000;
const MOST_WAITING = 1 << 18;

const [micronets, delay] = process.argv.slice(2).map(Number) as [number, number];
const native = requireNative();
const clients = { allow: [parsePrefix("127.0.0.0/8")], maxQueriesPerSecond: 10_000_000, maxQueriesPerSecondPerNetwork: 10_000_000, maxWaiting: 1024 };
const upstream = new LateEngine(qsaWith(micronets, clients), delay, MOST_WAITING);
const driver = new BatchedDriver(native, upstream, [{ address: LOOPBACK, port: 0 }]);

idle();
serveParent({ port: Number(driver.endpoint(0).split(":")[1]) }, (load: OpenLoad) => new OpenLoop(native, load, serve).run());

function serve(): void {
  driver.turn(0);
}

function idle(): void {
  driver.turn(IDLE_TURN);
  setImmediate(idle);
}
