import { RecordType, type ResourceRecord, isSubdomain, typeName } from "../records/index.ts";
import { ZoneFileError } from "./error.ts";

export interface ZoneFile {
  readonly apex: string;
  /** In the order of the file, SOA first, each once. */
  readonly records: readonly ResourceRecord[];
}

/** DNSSEC types may stand beside a CNAME (RFC 4034 sections 3 and 4). */
const BESIDE_CNAME: ReadonlySet<number> = new Set([RecordType.CNAME, RecordType.RRSIG, RecordType.NSEC]);

/** Gathers the records of one zone, and holds them to the rules of RFC 1034 section 4.2 and RFC 2181. */
export class ZoneCollector {
  readonly #file: string;
  readonly #records: ResourceRecord[] = [];
  readonly #seen = new Set<string>();
  /** By owner: whether a CNAME is there, or other data. */
  readonly #hasCname = new Map<string, boolean>();
  /** By owner and type. */
  readonly #ttls = new Map<string, number>();
  #apex: string | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  get apex(): string | undefined {
    return this.#apex;
  }

  /** False for a record that is there already. Throws ZoneFileError. */
  add(record: ResourceRecord, line: number): boolean {
    const identity = `${record.name} ${record.type} ${record.data.join(",")}`;
    const isSeen = this.#seen.has(identity);
    // What a transfer was written to ends with the SOA that it began with.
    if (isSeen && record.type === RecordType.SOA) return false;
    const apex = this.#apexFor(record, line);
    if (!isSubdomain(record.name, apex)) this.#fail(line, `${record.name} is outside the zone ${apex}`);
    this.#checkCname(record, line);
    this.#checkTtl(record, line);
    if (isSeen) return false;
    this.#seen.add(identity);
    this.#records.push(record);
    return true;
  }

  finish(): ZoneFile {
    if (this.#apex === undefined) throw new ZoneFileError(this.#file, 1, "the file has no records: a zone begins with its SOA");
    return { apex: this.#apex, records: this.#records };
  }

  #apexFor(record: ResourceRecord, line: number): string {
    const isSoa = record.type === RecordType.SOA;
    if (this.#apex === undefined) {
      if (!isSoa) this.#fail(line, `${typeName(record.type)} comes before the SOA: a zone begins with its SOA`);
      this.#apex = record.name;
    } else if (isSoa) {
      this.#fail(line, "a second SOA: a zone has one");
    }
    return this.#apex;
  }

  #checkCname({ name, type }: ResourceRecord, line: number): void {
    const isCname = type === RecordType.CNAME;
    if (!isCname && BESIDE_CNAME.has(type)) return;
    const before = this.#hasCname.get(name);
    if (before !== undefined && (isCname || before)) this.#fail(line, `${name} has a CNAME and other data: keep one of them`);
    this.#hasCname.set(name, isCname);
  }

  /** RFC 2181 section 5.2. Signatures take the TTL of what they sign. */
  #checkTtl({ name, type, ttl }: ResourceRecord, line: number): void {
    if (type === RecordType.RRSIG) return;
    const set = `${name} ${type}`;
    const before = this.#ttls.get(set);
    if (before !== undefined && before !== ttl) {
      this.#fail(line, `${name} ${typeName(type)} has TTL ${ttl}, but ${before} before: give one RRset one TTL`);
    }
    this.#ttls.set(set, ttl);
  }

  #fail(line: number, problem: string): never {
    throw new ZoneFileError(this.#file, line, problem);
  }
}
