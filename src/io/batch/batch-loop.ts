import type { Engine } from "../../core/engine.ts";
import { now } from "../clock.ts";
import type { Binding } from "../udp-driver.ts";
import { BatchedDriver } from "./batched-driver.ts";
import type { Native } from "./native.ts";
import type { PauseReport } from "./pause-counts.ts";
import { askForShortSlice } from "./short-slice.ts";

/** After so long at work, messages of other threads have their turn; microseconds. */
const SLICE = 1_000;
/** With nothing to do: what has a timer of its own in this thread waits so long at most. */
const LONGEST_WAIT = 100_000;

/**
 * Has a thread do hardly anything but run an engine: takes batches of datagrams for a millisecond, or waits for some, and then
 * lets the thread's event loop go round once, which takes some microseconds.
 */
export class BatchLoop {
  readonly #native: Native;
  readonly #driver: BatchedDriver;
  #isClosed = false;

  /** Binds a socket for each link, in order. Throws ListenError. */
  constructor(native: Native, engine: Engine, bindings: readonly Binding[]) {
    this.#native = native;
    this.#driver = new BatchedDriver(native, engine, bindings);
  }

  /** Call it in the thread that runs the engine. */
  begin(): void {
    askForShortSlice(this.#native);
    setImmediate(this.#slice);
  }

  get counters(): BatchedDriver["counters"] {
    return this.#driver.counters;
  }

  /** To end a wait from another thread; see BatchedDriver. */
  get alarm(): number {
    return this.#driver.alarm;
  }

  get pauses(): PauseReport {
    return this.#driver.pauses;
  }

  endpoint(link: number): string {
    return this.#driver.endpoint(link);
  }

  wake(): void {
    this.#driver.wake();
  }

  close(): Promise<void> {
    if (!this.#isClosed) this.#driver.close();
    this.#isClosed = true;
    return Promise.resolve();
  }

  readonly #slice = (): void => {
    if (this.#isClosed) return;
    // Who has waited for the first datagram has not worked for that long: the slice begins when there is something.
    let isOver = this.#driver.turn(LONGEST_WAIT);
    const end = now() + SLICE;
    for (let left = SLICE; left > 0 && !isOver; left = end - now()) isOver = this.#driver.turn(left);
    setImmediate(this.#slice);
  };
}
