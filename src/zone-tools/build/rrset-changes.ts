import { type ResourceRecord, typeName } from "../../dns/records/index.ts";

/** One RRset that differs between two versions of a zone. */
export interface RrsetChange {
  readonly change: "added" | "removed" | "changed";
  readonly name: string;
  readonly type: string;
}

/** In the order of the newer zone, then what is gone. */
export function rrsetChanges(older: readonly ResourceRecord[], newer: readonly ResourceRecord[]): RrsetChange[] {
  const before = rrsets(older);
  const after = rrsets(newer);
  const present = [...after].flatMap(([key, contents]) => changeOf(key, before.get(key), contents));
  const gone = [...before.keys()].filter((key) => !after.has(key)).map((key) => named(key, "removed"));
  return [...present, ...gone];
}

function changeOf(key: string, before: ReadonlySet<string> | undefined, now: ReadonlySet<string>): RrsetChange[] {
  if (before === undefined) return [named(key, "added")];
  return before.size === now.size && [...now].every((record) => before.has(record)) ? [] : [named(key, "changed")];
}

/** TTL and data of each record, by owner and type. */
function rrsets(records: readonly ResourceRecord[]): Map<string, Set<string>> {
  const sets = new Map<string, Set<string>>();
  for (const { name, type, ttl, data } of records) {
    const key = `${name} ${typeName(type)}`;
    const contents = sets.get(key) ?? new Set();
    sets.set(key, contents.add(`${ttl} ${Buffer.from(data).toString("latin1")}`));
  }
  return sets;
}

function named(key: string, change: RrsetChange["change"]): RrsetChange {
  const [name, type] = key.split(" ") as [string, string];
  return { change, name, type };
}
