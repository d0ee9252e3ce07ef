/** The most of some times in order that fall into any stretch of `span`, which has their unit. */
export function mostWithin(span: number, times: readonly number[]): number {
  let most = 0;
  for (let first = 0, last = 0; last < times.length; last++) {
    while (times[last]! - times[first]! >= span) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
