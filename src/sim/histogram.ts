/** Buckets per doubling: values are told apart to about 3 per cent. */
const STEPS = 32;
const BUCKETS = 64 * STEPS;

/** Counts of non-negative numbers, for percentiles; two can be added up. Without logarithms, which differ between machines. */
export class Histogram {
  readonly counts: Float64Array;
  count = 0;
  sum = 0;
  most = 0;

  constructor(from?: HistogramData) {
    this.counts = new Float64Array(BUCKETS);
    if (from !== undefined) this.merge(from);
  }

  add(value: number): void {
    this.counts[bucketOf(value)]!++;
    this.count++;
    this.sum += value;
    if (value > this.most) this.most = value;
  }

  merge(other: HistogramData): void {
    for (let bucket = 0; bucket < BUCKETS; bucket++) this.counts[bucket]! += other.counts[bucket]!;
    this.count += other.count;
    this.sum += other.sum;
    this.most = Math.max(this.most, other.most);
  }

  get mean(): number {
    return this.count === 0 ? 0 : this.sum / this.count;
  }

  /** The value that `percent` of all are not above. */
  percentile(percent: number): number {
    const wanted = Math.ceil((this.count * percent) / 100);
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.counts[bucket]!;
      if (seen >= wanted && seen > 0) return Math.min(this.most, topOf(bucket));
    }
    return this.most;
  }
}

/** What of a histogram survives its way to another process. */
export interface HistogramData {
  readonly counts: Float64Array;
  readonly count: number;
  readonly sum: number;
  readonly most: number;
}

function bucketOf(value: number): number {
  let scale = 0;
  let rest = value;
  while (rest >= 2 * STEPS) {
    rest /= 2;
    scale++;
  }
  return Math.min(BUCKETS - 1, scale * STEPS + Math.floor(rest));
}

/** The greatest number that a bucket counts, or a little more. */
function topOf(bucket: number): number {
  if (bucket < 2 * STEPS) return bucket;
  const scale = Math.floor(bucket / STEPS) - 1;
  let top = bucket - scale * STEPS + 1;
  for (let step = 0; step < scale; step++) top *= 2;
  return top;
}
