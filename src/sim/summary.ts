import { Histogram, type HistogramData } from "./histogram.ts";
import type { Metrics } from "./metrics.ts";
import type { Report } from "./report.ts";

/** What of a report survives its way to another process. */
export interface PlainReport extends Omit<Report, "metrics"> {
  readonly counts: Metrics["counts"];
  readonly answerTime: HistogramData;
  readonly propagation: HistogramData;
  readonly failOver: HistogramData;
  readonly regret: HistogramData;
  readonly askedRtt: number;
  readonly nearestRtt: number;
}

export function plain({ metrics, ...report }: Report): PlainReport {
  const { counts, answerTime, propagation, failOver, regret, askedRtt, nearestRtt } = metrics;
  return { ...report, counts, answerTime: { ...answerTime }, propagation: { ...propagation }, failOver: { ...failOver }, regret: { ...regret }, askedRtt, nearestRtt };
}

interface Percentiles {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly most: number;
}

/** Several runs in one: counts added, percentiles over all. Times in milliseconds, regret in per cent. */
export interface Summary {
  readonly seeds: number;
  readonly virtualSeconds: number;
  readonly datagrams: number;
  /** Of one run, its own; of several, of their hashes in order of the seeds. */
  readonly traceHash: string;
  readonly questions: number;
  readonly fromCachePercent: number;
  readonly failuresPercent: number;
  readonly changes: number;
  readonly faults: number;
  readonly datagramsPerQuestion: number;
  readonly answerMs: Percentiles;
  readonly propagationMs: Percentiles;
  readonly failOverMs: Percentiles;
  readonly regretPercent: Percentiles;
  /** How much farther the QSAs are that were asked than the nearest live ones, over all queries; per cent. */
  readonly meanRegretPercent: number;
  /** Of one QSR to the sites of one DSOC, to measure them and to see that they live. */
  readonly probesPerSecond: number;
}

/** Adds runs up as they come. */
export class SummaryBuilder {
  readonly #answerTime = new Histogram();
  readonly #propagation = new Histogram();
  readonly #failOver = new Histogram();
  readonly #regret = new Histogram();
  readonly #sums: Record<keyof Metrics["counts"] | "seeds" | "elapsed" | "datagrams" | "probedSeconds" | "askedRtt" | "nearestRtt", number> = {
    seeds: 0, elapsed: 0, datagrams: 0, probedSeconds: 0, askedRtt: 0, nearestRtt: 0, questions: 0, fromCache: 0, answers: 0, failures: 0, changes: 0, faults: 0, probes: 0, hopChecks: 0, forgeriesChecked: 0,
  };
  readonly #hashes: { readonly seed: number; readonly hash: string }[] = [];

  add(report: PlainReport): void {
    const { seed, hash, counts, elapsed, datagrams, probedDsocs, askedRtt, nearestRtt } = report;
    const probedSeconds = (probedDsocs * elapsed) / 1e6;
    this.#hashes.push({ seed, hash });
    for (const [name, amount] of Object.entries({ ...counts, seeds: 1, elapsed, datagrams, probedSeconds, askedRtt, nearestRtt })) this.#sums[name as keyof typeof counts] += amount;
    this.#answerTime.merge(report.answerTime);
    this.#propagation.merge(report.propagation);
    this.#failOver.merge(report.failOver);
    this.#regret.merge(report.regret);
  }

  finish(): Summary {
    const sums = this.#sums;
    return {
      seeds: sums.seeds,
      virtualSeconds: Math.round(sums.elapsed / 1e6),
      datagrams: sums.datagrams,
      traceHash: joined(this.#hashes),
      questions: sums.questions,
      fromCachePercent: percent(sums.fromCache, sums.questions),
      failuresPercent: percent(sums.failures, sums.questions),
      changes: sums.changes,
      faults: sums.faults,
      datagramsPerQuestion: rounded(sums.datagrams / Math.max(1, sums.questions)),
      answerMs: percentiles(this.#answerTime, 1000),
      propagationMs: percentiles(this.#propagation, 1000),
      failOverMs: percentiles(this.#failOver, 1000),
      regretPercent: percentiles(this.#regret, 10),
      meanRegretPercent: percent(sums.askedRtt - sums.nearestRtt, sums.nearestRtt),
      probesPerSecond: rounded(sums.probes / Math.max(1, sums.probedSeconds)),
    };
  }
}

function percentiles(histogram: Histogram, unit: number): Percentiles {
  const [p50, p90, p99] = [50, 90, 99].map((part) => rounded(histogram.percentile(part) / unit));
  return { count: histogram.count, p50: p50!, p90: p90!, p99: p99!, most: rounded(histogram.most / unit) };
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : rounded((100 * part) / whole);
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

/** One hash of several: FNV-1a over their digits, in order of the seeds. */
function joined(hashes: readonly { readonly seed: number; readonly hash: string }[]): string {
  if (hashes.length === 1) return hashes[0]!.hash;
  let sum = 0x811c9dc5;
  for (const { hash } of hashes.toSorted((a, b) => a.seed - b.seed)) for (const digit of hash) sum = Math.imul(sum ^ digit.charCodeAt(0), 0x01000193);
  return (sum >>> 0).toString(16).padStart(8, "0");
}
