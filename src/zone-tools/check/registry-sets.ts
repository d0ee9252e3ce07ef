import { formatPrefix } from "../../address/index.ts";
import { covers } from "../../dns/discovery/covers.ts";
import { MOST_SERVICES } from "../../dns/discovery/set-reader.ts";
import { RecordType, decodeApl, decodeHostName, decodeTxt, isSubdomain, printable } from "../../dns/records/index.ts";
import type { PlacedRecord } from "../../dns/zone-file/index.ts";
import { bucketDigest, bucketListNode, bucketNode, parseBucketName, setDigest, setId, setNode } from "../../dns/zone-model/index.ts";
import { sha256hex } from "../../io/hash.ts";
import type { ZoneView } from "../zone-view.ts";
import type { PlacedMab, PlacedService, RegistryContent } from "./registry-content.ts";
import type { IndexEntry } from "./registry-index.ts";
import type { Report } from "./report.ts";

/** A bucket as its set's list names it. */
interface Listed {
  readonly digest: string;
  readonly placed: PlacedRecord;
}

interface SetContent {
  readonly mabs: readonly PlacedMab[];
  readonly services: readonly PlacedService[];
  readonly buckets: number;
}

/** Checks each set that the index names, or that the zone has. */
export function checkSets(zone: ZoneView, index: ReadonlyMap<string, IndexEntry>, report: Report): RegistryContent {
  const nodes = setsInZone(zone);
  for (const [id, { placed }] of index) {
    if (!nodes.has(id)) report.error(placed, `names the set ${id}, which is not in the zone`, "add its records, or take it out of the index");
  }
  const contents = [...nodes].map(([id, buckets]) => new SetCheck(zone, id, buckets, report).run(index.get(id)));
  return {
    sets: nodes.size,
    buckets: contents.reduce((sum, { buckets }) => sum + buckets, 0),
    mabs: contents.flatMap(({ mabs }) => mabs),
    services: contents.flatMap(({ services }) => services),
  };
}

/** First labels below each set's node. */
function setsInZone(zone: ZoneView): Map<string, string[]> {
  const sets = new Map<string, string[]>();
  const suffix = `.sets.${zone.apex}`;
  for (const name of zone.names) {
    const [, below, id] = /^(?:([^.]+)\.)?([0-9a-f]{10})$/.exec(name.endsWith(suffix) ? name.slice(0, -suffix.length) : "") ?? [];
    if (id === undefined) continue;
    const labels = sets.get(id) ?? [];
    sets.set(id, labels);
    if (below !== undefined && below !== "ix") labels.push(below);
  }
  return sets;
}

class SetCheck {
  readonly #zone: ZoneView;
  readonly #id: string;
  readonly #labels: readonly string[];
  readonly #report: Report;

  constructor(zone: ZoneView, id: string, labels: readonly string[], report: Report) {
    this.#zone = zone;
    this.#id = id;
    this.#labels = labels;
    this.#report = report;
  }

  run(entry: IndexEntry | undefined): SetContent {
    const services = this.#services();
    const list = this.#list();
    const mabs = [...list].flatMap(([bucket, listed]) => this.#bucket(bucket, listed));
    for (const label of this.#labels) if (!list.has(label)) this.#unlisted(label);
    this.#digest(entry, services.map(({ name }) => name));
    return { services, mabs, buckets: list.size };
  }

  #services(): PlacedService[] {
    const node = setNode(this.#id, this.#zone.apex);
    const pointers = this.#zone.at(node, RecordType.PTR);
    const services = pointers.flatMap((placed) => {
      const name = this.#report.decoded(placed, decodeHostName);
      return name === undefined ? [] : [{ name, placed }];
    });
    if (services.length === 0) {
      this.#report.error(this.#zone.at(bucketListNode(this.#id, this.#zone.apex), RecordType.TXT)[0] ?? node, "belongs to a set without services: nobody answers for its MABs", `write ${node} PTR <service>`);
      return [];
    }
    if (services.length > MOST_SERVICES) this.#report.error(services[0]!.placed, `names ${services.length} services`, `at most ${MOST_SERVICES} are read: divide the set`);
    const right = setId(services.map(({ name }) => name), sha256hex);
    if (right !== this.#id) this.#report.error(services[0]!.placed, `is not named after its services, which make ${right}`, "rename the set, or correct its services");
    return services;
  }

  /** The buckets that the list names, each once. */
  #list(): Map<string, Listed> {
    const node = bucketListNode(this.#id, this.#zone.apex);
    const records = this.#zone.at(node, RecordType.TXT);
    const list = new Map<string, Listed>();
    for (const placed of records) {
      for (const text of this.#report.decoded(placed, decodeTxt) ?? []) this.#listed(placed, text, list);
    }
    if (records.length === 0) this.#report.error(this.#zone.at(setNode(this.#id, this.#zone.apex), RecordType.PTR)[0] ?? node, "belongs to a set without a bucket list", `write ${node} TXT "<bucket> <digest>"`);
    return list;
  }

  #listed(placed: PlacedRecord, text: string, list: Map<string, Listed>): void {
    const [, bucket = "", digest = ""] = /^(\S+) ([0-9a-f]{16})$/.exec(text) ?? [];
    if (parseBucketName(bucket) === undefined) this.#report.error(placed, `has "${printable(text)}"`, 'write "<bucket> <digest>", such as "4-5-18 2b6c3a4d5e6f7081"');
    else if (list.has(bucket)) this.#report.error(placed, `lists the bucket ${bucket} twice`, "keep the one with the right digest");
    else list.set(bucket, { digest, placed });
  }

  #bucket(bucket: string, { digest, placed: listed }: Listed): PlacedMab[] {
    const node = bucketNode(bucket, this.#id, this.#zone.apex);
    const records = this.#zone.at(node, RecordType.APL);
    const items = records.map((placed) => ({ placed, prefixes: this.#report.decoded(placed, decodeApl) }));
    if (records.length === 0) this.#report.error(listed, `lists the bucket ${bucket}, which has no APL`, `write ${node} APL, or take the bucket off the list`);
    if (records.length === 0 || items.some(({ prefixes }) => prefixes === undefined)) return [];
    const mabs = items.flatMap(({ placed, prefixes = [] }) => prefixes.map((prefix) => ({ prefix, placed, set: this.#id })));
    const right = bucketDigest(mabs.map(({ prefix }) => prefix), sha256hex);
    if (right !== digest) this.#report.error(listed, `has the digest ${digest} for the bucket ${bucket}, whose MABs make ${right}`, `write "${bucket} ${right}"`);
    this.#area(bucket, mabs);
    return mabs;
  }

  #area(bucket: string, mabs: readonly PlacedMab[]): void {
    const area = parseBucketName(bucket)!;
    for (const { prefix, placed } of mabs) {
      if (!covers(area, prefix)) this.#report.error(placed, `has ${formatPrefix(prefix)}, outside its area ${formatPrefix(area)}`, "move the MAB to the bucket that it belongs to");
    }
  }

  #unlisted(label: string): void {
    const node = `${label}.${setNode(this.#id, this.#zone.apex)}`;
    const [placed] = this.#zone.at(node, RecordType.APL);
    if (placed !== undefined) this.#report.error(placed, "is a bucket that is not on its set's list, so that nobody reads it", `add "${label} <digest>" at ${bucketListNode(this.#id, this.#zone.apex)} TXT`);
  }

  #digest(entry: IndexEntry | undefined, services: readonly string[]): void {
    const { apex } = this.#zone;
    const lists = this.#zone.at(bucketListNode(this.#id, apex), RecordType.TXT);
    const entries = lists.flatMap(({ record }) => decodedOr(record.data));
    const right = setDigest(services, entries, sha256hex);
    if (entry === undefined) {
      const first = this.#zone.at(setNode(this.#id, apex), RecordType.PTR)[0] ?? lists[0] ?? setNode(this.#id, apex);
      this.#report.error(first, "belongs to a set that is not in the index, so that nobody reads it", `write ${this.#id[0]}.idx TXT "${this.#id} ${right}"`);
    } else if (entry.digest !== right) {
      this.#report.error(entry.placed, `has the digest ${entry.digest} for the set ${this.#id}, whose services and buckets make ${right}`, `write "${this.#id} ${right}"`);
    }
  }
}

/** Malformed records have been told of. */
function decodedOr(data: Uint8Array): string[] {
  try {
    return decodeTxt(data);
  } catch {
    return [];
  }
}

/** Whether a name has a place in the part of a registry that sets are in. */
export function isSetName(name: string, apex: string): boolean {
  return isSubdomain(name, `sets.${apex}`) && /^(?:[^.]+\.)?[0-9a-f]{10}\.sets\./.test(name);
}
