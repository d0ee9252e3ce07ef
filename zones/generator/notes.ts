import { formatPrefix } from "../../src/address/index.ts";
import { type Bucket, type ServiceSet, bucketNode, setId, setNode, splitIntoBuckets } from "../../src/dns/zone-model/index.ts";
import { sha256hex } from "../../src/io/hash.ts";
import type { Mab } from "./mabs.ts";
import { REGISTRY_APEX } from "./world.ts";

const LINE_WIDTH = 116;

/** Comments of the registry zone: what each set and each bucket holds, by network. */
export function registryNotes(sets: readonly ServiceSet[], mabs: readonly Mab[]): Map<string, string[]> {
  const labels = new Map(mabs.map(({ prefix, label }) => [formatPrefix(prefix), label.split(":")[0]!]));
  const notes = new Map<string, string[]>();
  for (const { services, prefixes } of sets) {
    const id = setId(services, sha256hex);
    notes.set(setNode(id, REGISTRY_APEX), [`Service set ${id}: ${prefixes.length} MABs.`]);
    for (const bucket of splitIntoBuckets(prefixes)) notes.set(bucketNode(bucket.name, id, REGISTRY_APEX), bucketNote(bucket, labels));
  }
  return notes;
}

function bucketNote({ area, prefixes }: Bucket, labels: ReadonlyMap<string, string>): string[] {
  const counts = new Map<string, number>();
  for (const prefix of prefixes) {
    const label = labels.get(formatPrefix(prefix))!;
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  const networks = Array.from(counts, ([label, count]) => (count === 1 ? label : `${label} (${count})`));
  return wrap([`${formatPrefix(area)}:`, ...networks.map((text, index) => (index === networks.length - 1 ? `${text}.` : `${text};`))]);
}

function wrap(parts: readonly string[]): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + part.length > LINE_WIDTH) lines.push(part);
    else lines[lines.length - 1] = `${last} ${part}`;
  }
  return lines;
}
