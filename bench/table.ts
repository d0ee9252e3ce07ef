/** One figure of a benchmark. */
export interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** Against what it was measured in the same run. */
  readonly note?: string;
}

export function printTable(rows: readonly Row[]): void {
  const texts = rows.map(({ what, value, unit, note }) => [what, format(value), unit, note ?? ""]);
  const widths = [0, 1, 2].map((column) => Math.max(...texts.map((row) => row[column]!.length)));
  for (const [what, value, unit, note] of texts as [string, string, string, string][]) {
    console.log(`  ${what.padEnd(widths[0]!)}  ${value.padStart(widths[1]!)}  ${unit.padEnd(widths[2]!)}  ${note}`.trimEnd());
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

function format(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString("en");
  return value < 100 ? value.toFixed(2) : Math.round(value).toLocaleString("en");
}
