import type { Fields } from "./fields.ts";

/** Seconds since 1970 modulo 2^32, as `YYYYMMDDHHmmSS` or as a number (RFC 4034 section 3.2). */
export function parseTimestamp(fields: Fields, what: string): number {
  if (!/^\d{14}$/.test(fields.peek()?.text ?? "")) return fields.number(what, 0xffffffff);
  const text = fields.word(what);
  const iso = text.replace(/^(....)(..)(..)(..)(..)(..)$/, "$1-$2-$3T$4:$5:$6Z");
  const seconds = Date.parse(iso) / 1000;
  if (!Number.isInteger(seconds) || seconds < 0 || isoOf(seconds) !== iso) fields.fail(`"${text}" is no ${what}: write YYYYMMDDHHmmSS`);
  return seconds % 2 ** 32;
}

export function formatTimestamp(seconds: number): string {
  return isoOf(seconds).replaceAll(/[-T:Z]/g, "");
}

function isoOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000", "");
}
