import { nextU32 } from "./random.ts";

export function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}

/** Up to a tenth less, so that many QSRs do not ask in step. */
export function jittered(seconds: number): number {
  return seconds * (0.9 + (0.1 * nextU32()) / 2 ** 32);
}
