import { LiveLine } from "./live-line.ts";
import type { FromWorker } from "./sim-jobs.ts";

const LIVE_INTERVAL_MS = 500;
const PLAIN_INTERVAL_MS = 30_000;

/** How far a long run is: on one line of a terminal, else a line every so often; on standard error. */
export class SimProgress {
  readonly #line = new LiveLine(process.stderr);
  readonly #total: number;
  readonly #running = new Map<number, number>();
  #finished = 0;
  #shownAt = performance.now();

  /** Of so many seeds. */
  constructor(total: number) {
    this.#total = total;
  }

  note(message: FromWorker): void {
    if (message.type === "progress") {
      this.#running.set(message.seed, message.done);
    } else {
      this.#finished++;
      this.#running.delete(message.type === "report" ? message.report.seed : message.seed);
    }
    const now = performance.now();
    if (now - this.#shownAt < (this.#line.isLive ? LIVE_INTERVAL_MS : PLAIN_INTERVAL_MS)) return;
    this.#shownAt = now;
    if (this.#line.isLive) this.#line.show(this.#text, (text) => text);
    else process.stderr.write(`${this.#text}\n`);
  }

  clear(): void {
    this.#line.clear();
  }

  get #text(): string {
    const partly = [...this.#running.values()].reduce((sum, done) => sum + done, 0);
    const percent = ((100 * (this.#finished + partly)) / this.#total).toFixed(1);
    return `${this.#finished.toLocaleString("en")} of ${this.#total.toLocaleString("en")} seeds, ${percent} %`;
  }
}
