import type { Prefix } from "../../address/index.ts";
import {
  RdataError,
  RecordType,
  type ResourceRecord,
  compareSerials,
  decodeApl,
  decodeHostName,
  decodeSoa,
  decodeTxt,
  readRecord,
} from "../records/index.ts";
import {
  INDEX_DIGITS,
  REGISTRY_VERSION,
  bucketDigest,
  bucketListNode,
  bucketNode,
  indexNode,
  setDigest,
  setId,
  setNode,
  versionNode,
} from "../zone-model/index.ts";
import type { Problem, RegistryOptions, RegistryState, SetState, WalkTools } from "./types.ts";

/** A registry that could not be read whole. The message names the record, and what to do. */
export class WalkError extends Error {
  override readonly name = "WalkError";
  readonly code = "DRTM_WALK";
}

/** What was fetched does not belong together: the zone is being changed. */
class Inconsistent extends Error {}

const ATTEMPTS = 4;
const ENTRY = /^(\S+) ([0-9a-f]{16})$/;

/**
 * Reads a registry by ordinary queries: version, index nodes, sets, buckets. It is complete only when all digests agree and
 * the serial has stayed; of what `previous` holds, only what changed is fetched. Throws WalkError.
 */
export async function walkRegistry(registry: RegistryOptions, previous: RegistryState | undefined, tools: WalkTools): Promise<RegistryState> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await new Walk(registry.apex, previous, tools).run();
    } catch (error) {
      if (!(error instanceof Inconsistent)) throw error;
      if (attempt === ATTEMPTS) {
        throw new WalkError(`${registry.apex} could not be read whole in ${ATTEMPTS} tries: ${error.message}; is it being changed all the time?`, { cause: error });
      }
    }
  }
}

/** The serial and timers of a registry, from its SOA. Throws WalkError. */
export async function readSoa(apex: string, tools: WalkTools): Promise<Pick<RegistryState, "serial" | "refresh" | "retry">> {
  const { records } = await tools.query(apex, RecordType.SOA);
  const [record] = records;
  if (record === undefined) throw new WalkError(`${apex} has no SOA record: is it the apex of a registry zone?`);
  const { serial, refresh, retry } = readRecord(record, decodeSoa);
  return { serial, refresh, retry };
}

class Walk {
  readonly #apex: string;
  readonly #previous: RegistryState | undefined;
  readonly #tools: WalkTools;
  readonly #problems: Problem[] = [];

  constructor(apex: string, previous: RegistryState | undefined, tools: WalkTools) {
    this.#apex = apex;
    this.#previous = previous;
    this.#tools = tools;
  }

  async run(): Promise<RegistryState> {
    const before = await readSoa(this.#apex, this.#tools);
    this.#refuseOlder(before.serial);
    await this.#checkVersion();
    const index = await this.#readIndex();
    let done = 0;
    const sets = await Promise.all(
      index.map(async ([id, digest]) => {
        const set = await this.#readSet(id, digest);
        this.#tools.progress?.({ registry: this.#apex, sets: index.length, setsDone: ++done });
        return set;
      }),
    );
    const after = await readSoa(this.#apex, this.#tools);
    if (after.serial !== before.serial) throw new Inconsistent(`its serial went from ${before.serial} to ${after.serial}`);
    const whole = sets.filter((set) => set !== undefined);
    return { apex: this.#apex, ...after, sets: new Map(whole.map((set) => [set.id, set])), problems: this.#problems };
  }

  #refuseOlder(serial: number): void {
    if (this.#previous === undefined) return;
    const order = compareSerials(serial, this.#previous.serial);
    if (order === undefined || order < 0) {
      throw new WalkError(`${this.#apex} has serial ${serial}, older than ${this.#previous.serial} seen before: refused; is a name server out of date?`);
    }
  }

  async #checkVersion(): Promise<void> {
    const texts = await this.#texts(versionNode(this.#apex));
    if (!texts.includes(REGISTRY_VERSION)) {
      throw new WalkError(`${versionNode(this.#apex)} TXT says ${JSON.stringify(texts)} and not "${REGISTRY_VERSION}": no registry, or of another version`);
    }
  }

  async #readIndex(): Promise<[id: string, digest: string][]> {
    const nodes = await Promise.all(INDEX_DIGITS.map((digit) => this.#readIndexNode(digit)));
    return nodes.flat();
  }

  async #readIndexNode(digit: string): Promise<[id: string, digest: string][]> {
    const name = indexNode(digit, this.#apex);
    return (await this.#texts(name)).flatMap((text): [string, string][] => {
      const [, id, digest] = ENTRY.exec(text) ?? [];
      if (id !== undefined && digest !== undefined && id.startsWith(digit)) return [[id, digest]];
      this.#problems.push({ name: `${name} TXT`, problem: `"${text}" is no "<set> <digest>" of this node` });
      return [];
    });
  }

  async #readSet(id: string, digest: string): Promise<SetState | undefined> {
    const known = this.#previous?.sets.get(id);
    if (known?.digest === digest) return known;
    try {
      return await this.#fetchSet(id, digest, known);
    } catch (error) {
      if (!(error instanceof RdataError)) throw error;
      this.#problems.push({ name: setNode(id, this.#apex), problem: `set left out: ${error.message}` });
      return undefined;
    }
  }

  async #fetchSet(id: string, digest: string, known: SetState | undefined): Promise<SetState> {
    const node = setNode(id, this.#apex);
    const [pointers, entries] = await Promise.all([this.#records(node, RecordType.PTR), this.#texts(bucketListNode(id, this.#apex))]);
    const services = pointers.map((record) => readRecord(record, decodeHostName)).toSorted();
    const { sha256hex } = this.#tools;
    if (setDigest(services, entries, sha256hex) !== digest) throw new Inconsistent(`${node} does not have the digest ${digest} of the index`);
    if (setId(services, sha256hex) !== id) throw new RdataError(node, `is not named after its services (that would be ${setId(services, sha256hex)})`);
    const buckets = await Promise.all(entries.map((entry) => this.#readBucket(id, entry, known)));
    return { id, digest, services, buckets: new Map(buckets) };
  }

  async #readBucket(set: string, entry: string, known: SetState | undefined): Promise<[string, { digest: string; prefixes: readonly Prefix[] }]> {
    const [, bucket, digest] = ENTRY.exec(entry) ?? [];
    if (bucket === undefined || digest === undefined) {
      throw new RdataError(bucketListNode(set, this.#apex), `"${entry}" is no "<bucket> <digest>"`);
    }
    const before = known?.buckets.get(bucket);
    if (before?.digest === digest) return [bucket, before];
    const name = bucketNode(bucket, set, this.#apex);
    const prefixes = (await this.#records(name, RecordType.APL)).flatMap((record) => readRecord(record, decodeApl));
    if (bucketDigest(prefixes, this.#tools.sha256hex) !== digest) throw new Inconsistent(`${name} does not have the digest ${digest} of its set`);
    return [bucket, { digest, prefixes }];
  }

  async #texts(name: string): Promise<string[]> {
    return (await this.#records(name, RecordType.TXT)).flatMap((record) => readRecord(record, decodeTxt));
  }

  async #records(name: string, type: number): Promise<readonly ResourceRecord[]> {
    return (await this.#tools.query(name, type)).records;
  }
}
