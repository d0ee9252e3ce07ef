/** Stored expiries are unsigned milliseconds; compared by difference, so that their wrap after 49 days is harmless. */

export function milliseconds(now: number): number {
  return Math.floor(now / 1000) >>> 0;
}

/** Milliseconds from `nowMs` until `expiryMs`; not positive once it has passed. */
export function remainingMs(expiryMs: number, nowMs: number): number {
  return (expiryMs - nowMs) | 0;
}
