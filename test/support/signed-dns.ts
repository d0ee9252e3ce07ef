import { RecordType, type ResourceRecord, ancestorsOf, compareNames, decodeNsec, isSubdomain, parentOf, typeCoveredBy } from "../../src/dns/records/index.ts";
import type { DemandingQuery, EvidentAnswer, Validation } from "../../src/dns/discovery/types.ts";
import { dnssecTools } from "../../src/io/dnssec-verifier.ts";
import { NOW, type SigningKey, type SigningTimes, nsecChain, signZone } from "./zone-signer.ts";

/** Who is on the way, or a server, may give something else. */
type Tamper = (sections: readonly ResourceRecord[], name: string, type: number) => readonly ResourceRecord[];

/** The records of a signed zone, by NSEC. */
export function signedZone(apex: string, records: readonly ResourceRecord[], keys: readonly SigningKey[], times: SigningTimes = {}): ResourceRecord[] {
  const chain = nsecChain(apex, [...records, ...keys.map(({ record }) => record)]);
  return signZone(apex, [...records, ...chain], keys, times);
}

/** Name servers of signed zones on virtual time, and what is done to their answers. */
export class SignedDns {
  readonly asked: string[] = [];
  /** Seconds since 1970. */
  now = NOW;
  /** Called before each answer. */
  before: (name: string, type: number) => void = () => undefined;
  tamper: Tamper = (sections) => sections;
  /** The AD bit. */
  authenticated = false;
  readonly #zones = new Map<string, readonly ResourceRecord[]>();

  /** Serves a zone in place of what was served for its apex. */
  serve(apex: string, records: readonly ResourceRecord[]): this {
    this.#zones.set(apex, records);
    return this;
  }

  readonly ask: DemandingQuery = async (name, type, { check }) => {
    this.before(name, type);
    this.asked.push(`${name} ${type}`);
    const sections = this.tamper(this.#sectionsFor(name, type), name, type);
    const records = sections.filter((record) => record.name === name && record.type === type);
    const answer: EvidentAnswer = { rcode: records.length > 0 ? "NOERROR" : "NXDOMAIN", records, sections, authenticated: this.authenticated };
    check?.(answer);
    return Promise.resolve(answer);
  };

  get validation(): Validation {
    return { ask: this.ask, dnssec: dnssecTools(), now: () => this.now };
  }

  #sectionsFor(name: string, type: number): ResourceRecord[] {
    const apex = [...this.#zones.keys()].filter((zone) => isSubdomain(name, zone)).toSorted((a, b) => b.length - a.length)[0];
    const zone = apex === undefined ? [] : this.#zones.get(apex)!;
    const own = zone.filter((record) => record.name === name && (record.type === type || covers(record, type)));
    return own.length > 0 ? own : proofs(name, zone);
  }
}

/** The NSEC records around a name and around the wildcards that could stand for it, with their signatures. */
function proofs(name: string, zone: readonly ResourceRecord[]): ResourceRecord[] {
  const wanted = [name, ...ancestorsOf(parentOf(name)).map((ancestor) => `*.${ancestor}`)];
  const around = zone.filter((record) => record.type === RecordType.NSEC && wanted.some((one) => isAround(record, one)));
  return zone.filter((record) => around.includes(record) || (covers(record, RecordType.NSEC) && around.some(({ name: owner }) => owner === record.name)));
}

function isAround({ name: owner, data }: ResourceRecord, name: string): boolean {
  const { next } = decodeNsec(data);
  const isLast = compareNames(next, owner) <= 0;
  return compareNames(owner, name) <= 0 && (isLast || compareNames(name, next) < 0);
}

function covers({ type, data }: Pick<ResourceRecord, "type" | "data">, covered: number): boolean {
  return type === RecordType.RRSIG && typeCoveredBy(data) === covered;
}
