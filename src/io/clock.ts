/** Microseconds as a double, from an origin of this process's own; never steps back. */
export function now(): number {
  return performance.now() * 1000;
}
