import { FuzzFailure } from "./failure.ts";

/** What may be between two samples without anything having grown: the compiler's own. */
const TOLERANCE_OCTETS = 1 << 20;
const SAMPLES = 20;
/** Two in each quarter. */
const LEAST_SAMPLES = 8;

export const hasGc = globalThis.gc !== undefined;

/** Memory in use after garbage collection, sampled over a run that should not need more as it goes on. */
export class MemorySamples {
  readonly octets: number[] = [];
  readonly #interval: number;
  #next: number;

  /** For a run of so many datagrams. */
  constructor(datagrams: number) {
    this.#interval = datagrams / SAMPLES;
    this.#next = this.#interval;
  }

  take(done: number): void {
    if (!hasGc || done < this.#next) return;
    this.#next += this.#interval;
    globalThis.gc!();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    this.octets.push(heapUsed + arrayBuffers);
  }

  /** Throws when the last quarter needs more than the one before it. */
  check(): void {
    if (!this.tellsGrowth) return;
    const [third, last] = this.quarters;
    if (last > third + TOLERANCE_OCTETS) throw new FuzzFailure(`memory grows: ${megabytes(third)} in the third quarter of the run, ${megabytes(last)} in the last`);
  }

  /** Whether there are samples enough to say anything: a short run has few. */
  get tellsGrowth(): boolean {
    return this.octets.length >= LEAST_SAMPLES;
  }

  /**
   * The least of the third and of the last quarter. Buffers are swept some time after the collection that finds them dead:
   * a sample may hold those of a site that was restarted, a few megabytes.
   */
  get quarters(): [third: number, last: number] {
    const half = this.octets.slice(this.octets.length / 2);
    return [Math.min(...half.slice(0, half.length / 2)), Math.min(...half.slice(half.length / 2))];
  }
}

export function megabytes(octets: number): string {
  return `${(octets / 1e6).toFixed(2)} MB`;
}
