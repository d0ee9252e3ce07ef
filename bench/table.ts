/** One figure of a benchmark. */
export interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** What it must keep to. */
  readonly bound?: Bound;
  /** Against what it was measured in the same run. */
  readonly note?: string;
}

export type Bound = { readonly most: number } | { readonly least: number };

/** On a noisy machine a bound that is not kept is a reason to look, not a failure. */
export function keeps(value: number, bound: Bound): boolean {
  return "most" in bound ? value <= bound.most : value >= bound.least;
}

export function printTable(rows: readonly Row[]): void {
  const texts = rows.map(({ what, value, unit, bound, note }) => [what, format(value), unit, bound === undefined ? "" : verdict(value, bound), note ?? ""]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...texts.map((row) => row[column]!.length)));
  for (const [what, value, unit, bound, note] of texts as [string, string, string, string, string][]) {
    const ends = widths[3] === 0 ? note : `${bound.padEnd(widths[3]!)}  ${note}`;
    console.log(`  ${what.padEnd(widths[0]!)}  ${value.padStart(widths[1]!)}  ${unit.padEnd(widths[2]!)}  ${ends}`.trimEnd());
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Of sorted values: the least that so many per cent do not exceed. */
export function percentile(sorted: readonly number[], percent: number): number {
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)]!;
}

/** The median, with what lies beside it. */
export function medianRow(what: string, values: readonly number[], unit: string, more: { readonly bound?: Bound; readonly note?: string } = {}): Row {
  const spread = `${format(Math.min(...values))} to ${format(Math.max(...values))}`;
  return { what, value: median(values), unit, ...more, note: more.note === undefined ? spread : `${spread}; ${more.note}` };
}

function verdict(value: number, bound: Bound): string {
  const text = "most" in bound ? `at most ${bound.most.toLocaleString("en")}` : `at least ${bound.least.toLocaleString("en")}`;
  return `${text}: ${keeps(value, bound) ? "holds" : "MISSED"}`;
}

function format(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString("en");
  return value < 100 ? value.toFixed(2) : Math.round(value).toLocaleString("en");
}
