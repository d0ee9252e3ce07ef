import { type IpAddress, type Prefix, type Range, formatIp, formatPrefix, formatRange, parseIp, parsePrefix, parseRange } from "../../address/index.ts";
import { printable } from "../../address/printable.ts";

/** One change of mapping, with the number it has in its MAB. */
export interface NumberedChange {
  readonly mab: Prefix;
  readonly lineage: number;
  readonly number: number;
  readonly range: Range;
  /** Null: no mapping any more. */
  readonly etr: IpAddress | null;
}

/** `192.0.2.0/24 1.11 192.0.2.0-192.0.2.99 203.0.113.7`; `-` in place of an ETR takes the mapping away. */
export function formatChange({ mab, lineage, number, range, etr }: NumberedChange): string {
  return `${formatPrefix(mab)} ${lineage}.${number} ${formatRange(range)} ${etr === null ? "-" : formatIp(etr)}`;
}

/** Reads such a line. Throws Error with what is wrong, AddressError among them. */
export function parseChange(line: string): NumberedChange {
  const [mab, version, range, etr, ...rest] = line.trim().split(/\s+/);
  const numbers = /^(\d{1,10})\.(\d{1,16})$/.exec(version ?? "");
  if (mab === undefined || range === undefined || etr === undefined || rest.length > 0 || numbers === null) {
    throw new Error(`"${printable(line, 80)}" is no change: write MAB LINEAGE.NUMBER RANGE ETR`);
  }
  return {
    mab: parsePrefix(mab),
    lineage: Number(numbers[1]),
    number: Number(numbers[2]),
    range: parseRange(range),
    etr: etr === "-" ? null : parseIp(etr),
  };
}
