import { formatPrefix } from "../../address/index.ts";
import { type Bucket, bucketNode, serviceNode, setId, setNode, splitIntoBuckets } from "../../dns/zone-model/index.ts";
import { sha256hex } from "../../io/hash.ts";
import type { DescribedRegistry, DescribedSet } from "../description/description.ts";
import type { DsocFields } from "../description/schema.ts";

type Notes = Map<string, string[]>;

const LINE_WIDTH = 116;

/** How many MABs each set has, and, where they have labels, whose are in each bucket. */
export function registryNotes({ apex, sets }: DescribedRegistry): Notes {
  const notes: Notes = new Map();
  for (const set of sets) {
    const id = setId(set.services, sha256hex);
    notes.set(setNode(id, apex), [`Service set ${id}: ${set.mabs.length} ${set.mabs.length === 1 ? "MAB" : "MABs"}.`]);
    addBucketNotes(notes, set, (bucket) => bucketNode(bucket, id, apex));
  }
  return notes;
}

/** How many QSAs a service has in each tier. */
export function serviceNotes({ apex, services }: DsocFields): Notes {
  return new Map(
    services.map(({ name, tiers }) => {
      const parts = tiers.map(({ tier, qsas }) => `${qsas.length} ${qsas.length === 1 ? "QSA" : "QSAs"} in tier ${tier}`);
      return [serviceNode(`${name}.${apex}`), [`Service ${name}: ${parts.join(", ")}.`]];
    }),
  );
}

function addBucketNotes(notes: Notes, { mabs }: DescribedSet, nodeOf: (bucket: string) => string): void {
  const labels = new Map(mabs.flatMap(({ prefix, label }): [string, string][] => (label === undefined ? [] : [[formatPrefix(prefix), label]])));
  if (labels.size === 0) return;
  for (const bucket of splitIntoBuckets(mabs.map(({ prefix }) => prefix))) notes.set(nodeOf(bucket.name), bucketNote(bucket, labels));
}

function bucketNote({ area, prefixes }: Bucket, labels: ReadonlyMap<string, string>): string[] {
  const counts = new Map<string, number>();
  for (const prefix of prefixes) {
    const label = labels.get(formatPrefix(prefix)) ?? "others";
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  const owners = Array.from(counts, ([label, count]) => (count === 1 ? label : `${label} (${count})`));
  return wrap([`${formatPrefix(area)}:`, ...owners.map((text, index) => (index === owners.length - 1 ? `${text}.` : `${text};`))]);
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
