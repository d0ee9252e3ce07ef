import { formatPrefix } from "../../address/index.ts";
import type { BucketState, Problem, RegistryState } from "./types.ts";

/**
 * Whether a MAB of the older state is missing in the newer one: that takes a second opinion before it is believed. Buckets that
 * both states have are not looked into.
 */
export function losesMabs(older: RegistryState | undefined, newer: RegistryState): boolean {
  if (older === undefined) return false;
  const [before, now] = [bucketsOf(older), bucketsOf(newer)];
  const gone = prefixTexts([...before].filter((bucket) => !now.has(bucket)));
  for (const text of prefixTexts([...now].filter((bucket) => !before.has(bucket)))) gone.delete(text);
  if (gone.size === 0) return false;
  const present = prefixTexts(now);
  return [...gone].some((text) => !present.has(text));
}

/** Whether two walks of a registry found the same sets. */
export function sameSets(a: RegistryState, b: RegistryState): boolean {
  return a.sets.size === b.sets.size && [...a.sets.values()].every((set) => b.sets.get(set.id)?.digest === set.digest);
}

export function sameProblems(a: readonly Problem[], b: readonly Problem[]): boolean {
  return problemTexts(a).join("\n") === problemTexts(b).join("\n");
}

function problemTexts(problems: readonly Problem[]): string[] {
  return problems.map(({ name, problem }) => `${name}: ${problem}`).toSorted();
}

function bucketsOf({ sets }: RegistryState): Set<BucketState> {
  const found = new Set<BucketState>();
  for (const { buckets } of sets.values()) for (const bucket of buckets.values()) found.add(bucket);
  return found;
}

function prefixTexts(buckets: Iterable<BucketState>): Set<string> {
  const texts = new Set<string>();
  for (const { prefixes } of buckets) for (const prefix of prefixes) texts.add(formatPrefix(prefix));
  return texts;
}
