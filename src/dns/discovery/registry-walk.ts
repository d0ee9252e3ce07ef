import { RdataError, RecordType, type ResourceRecord, compareSerials, decodeSoa, decodeTxt, printable, readRecord } from "../records/index.ts";
import { INDEX_DIGITS, REGISTRY_VERSION, indexNode, setNode, versionNode } from "../zone-model/index.ts";
import { Budget } from "./budget.ts";
import { Inconsistent, Refused, Unanswered, WalkError } from "./errors.ts";
import { type SetSource, readSet } from "./set-reader.ts";
import { someAtOnce } from "./some-at-once.ts";
import type { Problem, RegistryOptions, RegistryState, SetState, WalkTools } from "./types.ts";
import { readZoneKeys } from "./zone-keys.ts";

type Soa = Pick<RegistryState, "serial" | "refresh" | "retry" | "expire">;
type Sets = ReadonlyMap<string, SetState>;

/** A set that could not be read. */
interface Spoilt {
  readonly id: string;
  readonly digest: string;
  readonly error: Error;
}

/** What one reading of a registry found. */
interface Reading {
  readonly soa: Soa;
  /** The serial at its end. */
  readonly endSerial: number;
  readonly index: ReadonlyMap<string, string>;
  readonly sets: Sets;
  readonly keys: RegistryState["keys"];
  readonly spoilt: readonly Spoilt[];
  /** Digits of which not all sets may be known. */
  readonly doubtfulDigits: ReadonlySet<string>;
  readonly problems: readonly Problem[];
}

const ATTEMPTS = 4;
/** Of what stands where the version should. */
const SHOWN_TEXTS = 3;
const SETS_AT_ONCE = 32;
const INDEX_ENTRY = /^([0-9a-f]{10}) ([0-9a-f]{16})$/;

/**
 * Reads a registry by ordinary queries: version, index nodes, sets, buckets. What it gives is used only where all digests
 * agree and the serial has stayed. A set that cannot be read is a problem, and stays as `previous` has it, or is left out.
 * Of what `previous` holds only what changed is fetched; `afresh`, everything is. Where the registry has anchors, `query` must
 * answer with nothing that they do not vouch for, and the DS data of its services' zones is read too. Throws WalkError, and what
 * `query` throws: Refused ends the walk.
 */
export async function walkRegistry(options: RegistryOptions, previous: RegistryState | undefined, tools: WalkTools, afresh = false): Promise<RegistryState> {
  const { apex } = options;
  let known: Sets = afresh || previous === undefined ? new Map() : previous.sets;
  let before: Reading | undefined;
  for (let attempt = 1; ; attempt++) {
    const reading = await new Walk(options, previous, known, tools).run();
    const isWhole = !isBeingChanged(reading);
    if (isWhole && (attempt === ATTEMPTS || !isInconsistent(reading) || isUnchanged(before, reading))) return settle(apex, reading, previous);
    if (attempt === ATTEMPTS) {
      throw new WalkError(`${apex} could not be read whole in ${ATTEMPTS} tries: its serial went from ${reading.soa.serial} to ${reading.endSerial}; is it being changed all the time?`);
    }
    known = new Map([...known, ...reading.sets]);
    before = reading;
  }
}

/** The serial and timers of a registry, from its SOA. Throws WalkError. */
export async function readSoa(apex: string, { query }: Pick<WalkTools, "query">): Promise<Soa> {
  const { records } = await query(apex, RecordType.SOA);
  const [record] = records;
  if (record === undefined) throw new WalkError(`${apex} has no SOA record: is it the apex of a registry zone?`);
  const { serial, refresh, retry, expire } = readRecord(record, decodeSoa);
  return { serial, refresh, retry, expire };
}

function isBeingChanged({ soa, endSerial }: Reading): boolean {
  return soa.serial !== endSerial;
}

function isInconsistent({ spoilt }: Reading): boolean {
  return spoilt.some(({ error }) => error instanceof Inconsistent);
}

/** Whether the same is wrong as the time before: then it is not being changed, but broken. */
function isUnchanged(before: Reading | undefined, now: Reading): boolean {
  if (before === undefined || before.soa.serial !== now.soa.serial) return false;
  return now.spoilt.every(({ id, digest }) => before.spoilt.some((one) => one.id === id && one.digest === digest));
}

function settle(apex: string, { soa, index, sets, keys, spoilt, doubtfulDigits, problems }: Reading, previous: RegistryState | undefined): RegistryState {
  const kept = [...(previous?.sets.values() ?? [])].filter(({ id }) => !sets.has(id) && (index.has(id) || doubtfulDigits.has(id[0]!)));
  const all = new Map([...sets, ...kept.map((set): [string, SetState] => [set.id, set])]);
  const spoiltProblems = spoilt.map(({ id, error }) => ({
    name: setNode(id, apex),
    problem: `${all.has(id) ? "set stays as it was" : "set left out"}: ${error.message}`,
  }));
  return { apex, ...soa, sets: all, ...(keys === undefined ? {} : { keys }), problems: [...problems, ...spoiltProblems], settled: spoilt.length === 0 && doubtfulDigits.size === 0 };
}

function shown(texts: readonly string[]): string {
  const some = texts.slice(0, SHOWN_TEXTS).map((text) => JSON.stringify(text));
  return `[${[...some, ...(texts.length > SHOWN_TEXTS ? ["..."] : [])].join(",")}]`;
}

function servicesOf(sets: Sets | undefined): string[] {
  return [...(sets?.values() ?? [])].flatMap(({ services }) => services);
}

/** One reading of a registry. At its end, also by an error, no query of it is sent any more. */
class Walk {
  readonly #apex: string;
  readonly #isValidated: boolean;
  readonly #previous: RegistryState | undefined;
  readonly #known: Sets;
  readonly #tools: WalkTools;
  readonly #over = new AbortController();
  readonly #budget: Budget;
  readonly #problems: Problem[] = [];
  readonly #doubtfulDigits = new Set<string>();
  readonly #spoilt: Spoilt[] = [];

  constructor({ apex, anchors = [] }: RegistryOptions, previous: RegistryState | undefined, known: Sets, tools: WalkTools) {
    this.#apex = apex;
    this.#isValidated = anchors.length > 0;
    this.#previous = previous;
    this.#known = known;
    this.#tools = tools;
    this.#budget = new Budget(apex);
  }

  async run(): Promise<Reading> {
    try {
      return await this.#read();
    } finally {
      this.#over.abort();
    }
  }

  async #read(): Promise<Reading> {
    const soa = await readSoa(this.#apex, this.#tools);
    this.#refuseOlder(soa.serial);
    await this.#checkVersion();
    const index = await this.#readIndex();
    const sets = await this.#readSets(index);
    const keys = this.#isValidated ? await this.#readKeys(sets) : undefined;
    const { serial: endSerial } = await readSoa(this.#apex, this.#tools);
    return { soa, endSerial, index, sets, keys, spoilt: this.#spoilt, doubtfulDigits: this.#doubtfulDigits, problems: this.#problems };
  }

  #refuseOlder(serial: number): void {
    if (this.#previous === undefined) return;
    const order = compareSerials(serial, this.#previous.serial);
    if (order === undefined || order < 0) {
      throw new WalkError(`${this.#apex} has serial ${serial}, older than ${this.#previous.serial} seen before: refused; is a name server out of date?`);
    }
  }

  async #checkVersion(): Promise<void> {
    const node = versionNode(this.#apex);
    const { records } = await this.#tools.query(node, RecordType.TXT);
    if (records.some((record) => readRecord(record, decodeTxt).includes(REGISTRY_VERSION))) return;
    const texts = records.slice(0, SHOWN_TEXTS + 1).flatMap((record) => readRecord(record, decodeTxt));
    throw new WalkError(`${node} TXT says ${printable(shown(texts))} and not "${REGISTRY_VERSION}": no registry, or of another version`);
  }

  /** The digest of each set, by its id. */
  async #readIndex(): Promise<Map<string, string>> {
    const index = new Map<string, string>();
    await Promise.all(INDEX_DIGITS.map((digit) => this.#readIndexNode(digit, index)));
    return index;
  }

  async #readIndexNode(digit: string, index: Map<string, string>): Promise<void> {
    const name = indexNode(digit, this.#apex);
    try {
      for (const record of await this.#records(name, RecordType.TXT)) this.#readIndexRecord(digit, record, index);
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      this.#doubt(digit, error.message);
    }
  }

  #readIndexRecord(digit: string, record: ResourceRecord, index: Map<string, string>): void {
    try {
      for (const text of readRecord(record, decodeTxt)) this.#readIndexEntry(digit, text, index);
    } catch (error) {
      if (!(error instanceof RdataError)) throw error;
      this.#doubt(digit, error.problem);
    }
  }

  #readIndexEntry(digit: string, text: string, index: Map<string, string>): void {
    // What is no entry counts too: each is a problem that is told.
    this.#budget.take("sets", 1);
    const [, id, digest] = INDEX_ENTRY.exec(text) ?? [];
    if (id === undefined || digest === undefined || !id.startsWith(digit)) {
      this.#doubt(digit, `"${printable(text)}" is no "<set> <digest>" of this node`);
    } else if (index.has(id)) {
      this.#doubt(digit, `names the set ${id} twice`);
    } else {
      index.set(id, digest);
    }
  }

  /** Which set an unreadable part of the index spoils cannot be told: all that are known under its digit stay. */
  #doubt(digit: string, problem: string): void {
    this.#doubtfulDigits.add(digit);
    this.#problems.push({ name: `${indexNode(digit, this.#apex)} TXT`, problem });
  }

  async #readSets(index: ReadonlyMap<string, string>): Promise<Map<string, SetState>> {
    const source: SetSource = { apex: this.#apex, sha256hex: this.#tools.sha256hex, budget: this.#budget, records: (name, type) => this.#records(name, type) };
    const sets = this.#knownSets(index);
    const wanted = [...index].filter(([id]) => !sets.has(id));
    let setsDone = 0;
    await someAtOnce(wanted, SETS_AT_ONCE, async ([id, digest]) => {
      const set = await this.#readSetOrNote(source, id, digest);
      if (set !== undefined) sets.set(id, set);
      this.#tools.progress?.({ registry: this.#apex, sets: wanted.length, setsDone: ++setsDone });
    });
    return sets;
  }

  /** Those that are as the index has them. */
  #knownSets(index: ReadonlyMap<string, string>): Map<string, SetState> {
    const sets = new Map<string, SetState>();
    for (const [id, digest] of index) {
      const known = this.#known.get(id);
      if (known?.digest !== digest) continue;
      this.#budget.takeSet(known);
      sets.set(id, known);
    }
    return sets;
  }

  async #readSetOrNote(source: SetSource, id: string, digest: string): Promise<SetState | undefined> {
    try {
      return await readSet(source, id, digest, this.#known.get(id));
    } catch (error) {
      if (!(error instanceof RdataError || error instanceof Inconsistent || error instanceof Unanswered)) throw error;
      this.#spoilt.push({ id, digest, error });
      return undefined;
    }
  }

  /** Of sets that stay as they were, too. */
  async #readKeys(sets: Sets): Promise<RegistryState["keys"]> {
    const before = new Set(servicesOf(this.#previous?.sets));
    const now = servicesOf(sets);
    if (this.#tools.areKeysKnown === true && this.#previous?.keys !== undefined && now.every((service) => before.has(service))) return this.#previous.keys;
    const services = [...new Set([...now, ...before])];
    return readZoneKeys({ apex: this.#apex, budget: this.#budget, records: (name, type) => this.#records(name, type) }, services);
  }

  async #records(name: string, type: number): Promise<readonly ResourceRecord[]> {
    const { signal } = this.#over;
    signal.throwIfAborted();
    try {
      return (await this.#tools.query(name, type, signal)).records;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Refused) throw error;
      this.#budget.takeUnanswered(error as Error);
      throw new Unanswered((error as Error).message, { cause: error });
    }
  }
}
