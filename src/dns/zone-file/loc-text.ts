import { LOC_DEFAULTS, decodeLoc, encodeLoc } from "../records/index.ts";
import type { Fields } from "./fields.ts";

/** Thousandths of a second of arc. */
const UNITS = { degree: 3_600_000, minute: 60_000, second: 1000 } as const;

/** `50 6 36.000 N 8 40 48.000 E 112m 1m 10000m 10m`; minutes, seconds and sizes may be left out (RFC 1876 section 3). */
export function parseLocText(fields: Fields): Uint8Array {
  const latitude = parseAngle(fields, "latitude", 90, "N", "S");
  const longitude = parseAngle(fields, "longitude", 180, "E", "W");
  const altitude = parseMetres(fields, "altitude");
  const size = parseMetres(fields, "size", LOC_DEFAULTS.size);
  const horizontalPrecision = parseMetres(fields, "horizontal precision", LOC_DEFAULTS.horizontalPrecision);
  const verticalPrecision = parseMetres(fields, "vertical precision", LOC_DEFAULTS.verticalPrecision);
  return encodeLoc({ latitude, longitude, altitude, size, horizontalPrecision, verticalPrecision });
}

export function formatLocText(data: Uint8Array): string[] {
  const { latitude, longitude, altitude, size, horizontalPrecision, verticalPrecision } = decodeLoc(data);
  const lengths = [altitude, size, horizontalPrecision, verticalPrecision].map((metres) => `${metres}m`);
  return [...formatAngle(latitude, "N", "S"), ...formatAngle(longitude, "E", "W"), ...lengths];
}

function parseAngle(fields: Fields, what: string, most: number, positive: string, negative: string): number {
  const parts: string[] = [];
  for (;;) {
    const text = fields.word(`${positive} or ${negative} of the ${what}`);
    const side = text.toUpperCase();
    if (side === positive) return toDegrees(fields, what, most, parts);
    if (side === negative) return -toDegrees(fields, what, most, parts);
    parts.push(text);
  }
}

function toDegrees(fields: Fields, what: string, most: number, parts: readonly string[]): number {
  const [degrees = "", minutes = "0", seconds = "0"] = parts;
  const valid = parts.length <= 3 && [degrees, minutes].every((part) => /^\d{1,3}$/.test(part)) && /^\d{1,2}(\.\d{1,3})?$/.test(seconds);
  const units = Number(degrees) * UNITS.degree + Number(minutes) * UNITS.minute + Math.round(Number(seconds) * UNITS.second);
  if (!valid || Number(minutes) > 59 || Number(seconds) >= 60 || units > most * UNITS.degree) {
    fields.fail(`"${parts.join(" ")}" is no ${what}: write degrees (to ${most}), minutes and seconds`);
  }
  return units / UNITS.degree;
}

function parseMetres(fields: Fields, what: string, absent?: number): number {
  if (absent !== undefined && fields.remaining === 0) return absent;
  const text = fields.word(what);
  if (!/^-?\d{1,8}(\.\d{1,2})?m?$/.test(text)) fields.fail(`"${text}" is no ${what}: write metres, such as 112m`);
  return Number(text.replace("m", ""));
}

function formatAngle(degrees: number, positive: string, negative: string): string[] {
  const units = Math.round(Math.abs(degrees) * UNITS.degree);
  const minutes = Math.floor((units % UNITS.degree) / UNITS.minute);
  const seconds = (units % UNITS.minute) / UNITS.second;
  return [`${Math.floor(units / UNITS.degree)}`, `${minutes}`, seconds.toFixed(3), degrees < 0 ? negative : positive];
}
