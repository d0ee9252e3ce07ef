import { formatPrefix } from "../../address/index.ts";
import { PackedPrefixes } from "../../address/packed-prefixes.ts";
import { Budget } from "./budget.ts";
import type { BucketState, Problem, RegistryState, SetState } from "./types.ts";

const NO_DIGEST = "";

/** The MABs of the older state that are missing in the newer one, as text. Buckets that both states have are not looked into. */
export function lostMabs(older: RegistryState | undefined, newer: RegistryState): ReadonlySet<string> {
  if (older === undefined) return new Set();
  const [before, now] = [bucketsOf(older), bucketsOf(newer)];
  const gone = prefixTexts([...before].filter((bucket) => !now.has(bucket)));
  for (const text of prefixTexts([...now].filter((bucket) => !before.has(bucket)))) gone.delete(text);
  if (gone.size === 0) return gone;
  const present = prefixTexts(now);
  return new Set([...gone].filter((text) => !present.has(text)));
}

/**
 * The newer state with MABs that it has lost where the older one has them. What is put together in this way has no digest that any
 * zone has, so that it is read again. Throws WalkError where that is more than a registry may have.
 */
export function keepingMabs(older: RegistryState, newer: RegistryState, lost: ReadonlySet<string>): RegistryState {
  const holders = [...older.sets.values()].filter(({ buckets }) => [...buckets.values()].some((bucket) => has(bucket, lost)));
  const kept = holders.map((set): [string, SetState] => [set.id, joined(set, newer.sets.get(set.id), lost)]);
  const sets = new Map([...newer.sets, ...kept]);
  new Budget(newer.apex).takeSets(sets);
  const [first] = lost;
  const others = lost.size === 1 ? "it stays" : "and others: they stay";
  const problem = `${lost.size} ${lost.size === 1 ? "MAB" : "MABs"} of serial ${older.serial} ${lost.size === 1 ? "is" : "are"} not in serial ${newer.serial} as seen so far, ${first}${lost.size === 1 ? ":" : ""} ${others} until no cache can hold index nodes from before it`;
  return { ...newer, sets, problems: [...newer.problems, { name: newer.apex, problem }], settled: false };
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

function joined(older: SetState, newer: SetState | undefined, lost: ReadonlySet<string>): SetState {
  if (newer === undefined) return older;
  const buckets = new Map(newer.buckets);
  for (const [name, bucket] of older.buckets) {
    if (!has(bucket, lost)) continue;
    const kept = bucket.prefixes.filter((row) => lost.has(formatPrefix(bucket.prefixes.at(row))));
    buckets.set(name, { digest: NO_DIGEST, prefixes: PackedPrefixes.joined([newer.buckets.get(name)?.prefixes ?? PackedPrefixes.none, kept]) });
  }
  return { ...newer, digest: NO_DIGEST, buckets };
}

function has({ prefixes }: BucketState, texts: ReadonlySet<string>): boolean {
  for (const prefix of prefixes) if (texts.has(formatPrefix(prefix))) return true;
  return false;
}

function prefixTexts(buckets: Iterable<BucketState>): Set<string> {
  const texts = new Set<string>();
  for (const { prefixes } of buckets) for (const prefix of prefixes) texts.add(formatPrefix(prefix));
  return texts;
}
