import { formatPrefix } from "../../address/index.ts";
import type { Problem, RegistryState } from "./types.ts";

/** Whether a MAB of the older state is missing in the newer one: that takes a second opinion before it is believed. */
export function losesMabs(older: RegistryState | undefined, newer: RegistryState): boolean {
  if (older === undefined) return false;
  const present = prefixTexts(newer);
  return [...prefixTexts(older)].some((prefix) => !present.has(prefix));
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

function prefixTexts({ sets }: RegistryState): Set<string> {
  const texts = new Set<string>();
  for (const { buckets } of sets.values()) {
    for (const { prefixes } of buckets.values()) for (const prefix of prefixes) texts.add(formatPrefix(prefix));
  }
  return texts;
}
