import { LiveLine } from "../../src/cli/live-line.ts";
import { paint } from "../../src/cli/table.ts";

/** How often a line is printed where there is no terminal. */
const PLAIN_INTERVAL_MS = 10_000;

/** What a long run is at, on standard error: a line rewritten in place on a terminal, one now and then elsewhere. */
export class Progress {
  readonly #line = new LiveLine(process.stderr);
  #printedAt = performance.now();

  show(text: string): void {
    this.#line.show(text, paint.dim);
    if (this.#line.isLive || performance.now() - this.#printedAt < PLAIN_INTERVAL_MS) return;
    this.#printedAt = performance.now();
    process.stderr.write(`${text}\n`);
  }

  clear(): void {
    this.#line.clear();
  }
}
