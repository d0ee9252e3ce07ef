import { RecordType, type ResourceRecord, compareNames, decodeNsec, isSubdomain, parentOf, printable, readRecord, rrsetOf } from "../records/index.ts";
import { DnssecError } from "./error.ts";
import { covering } from "./signed-data.ts";
import { type Setting, type Verified, rrsetLabel, verifyRrset } from "./verify-rrset.ts";
import type { ZoneKey } from "./zone-key.ts";

/** An RRset by its name, and the records that came with the answer, in whatever section. */
export interface SignedAnswer {
  readonly name: string;
  readonly type: number;
  readonly records: readonly ResourceRecord[];
}

/** One NSEC record: from its owner to the next name there is nothing. */
interface Span {
  readonly owner: string;
  readonly next: string;
  readonly types: ReadonlySet<number>;
}

const DNAME = 39;
/** NSEC records of one answer that are looked at: two prove an absence, and a resolver may add one. */
const MOST_NSEC = 16;

/**
 * That an RRset is not there, by NSEC (RFC 4035 section 5.4): its name has no such type; or its name is not there, nor is a
 * wildcard that would stand for it. At most two NSEC records are verified, however many came. Throws DnssecError, RdataError.
 */
export function verifyAbsence(answer: SignedAnswer, keys: readonly ZoneKey[], setting: Setting): Verified {
  if (!isSubdomain(answer.name, setting.zone)) throw new DnssecError("key", `${rrsetLabel(answer)} is not in the zone ${setting.zone}`);
  const spans = readSpans(answer, setting.zone);
  const proof = proofOf(answer, spans, setting.zone);
  const verified = proof.map(({ owner }) => verifyRrset(nsecAt(owner, answer.records), keys, setting));
  return { until: Math.min(...verified.map(({ until }) => until)), ttl: Math.min(...verified.map(({ ttl }) => ttl)) };
}

/** The NSEC records that prove it, if they are genuine. */
function proofOf(answer: SignedAnswer, spans: readonly Span[], zone: string): Span[] {
  const { name, type } = answer;
  const own = spanAround(name, spans, zone) ?? missingProof(answer, name);
  if (own.owner === name) return [withoutType(own, type, answer)];
  // The next name is below: there is nothing at this one, but it exists, and no wildcard stands for it (RFC 4592 section 2.2.2).
  if (isSubdomain(own.next, name)) return [own];
  const wildcard = wildcardBelow(closestEncloser(name, own));
  const other = spanAround(wildcard, spans, zone) ?? missingProof(answer, wildcard);
  return [own, other.owner === wildcard ? withoutType(other, type, answer) : other];
}

/** The record at this name, or else one whose span it falls into. */
function spanAround(name: string, spans: readonly Span[], zone: string): Span | undefined {
  return spans.find(({ owner }) => owner === name) ?? spans.find((span) => covers(span, name, zone));
}

/** The last NSEC record of a zone leads back to its apex (RFC 4034 section 4.1.1). */
function covers({ owner, next, types }: Span, name: string, zone: string): boolean {
  // RFC 6840 section 4.1: what is below a delegation or a DNAME is not for this zone to deny.
  if (isSubdomain(name, owner) && (types.has(DNAME) || isDelegation(types))) return false;
  return compareNames(owner, name) < 0 && (next === zone || compareNames(name, next) < 0);
}

function withoutType(span: Span, type: number, { name }: SignedAnswer): Span {
  const { owner, types } = span;
  if (types.has(type) || types.has(RecordType.CNAME)) throw new DnssecError("missing", `${rrsetLabel({ name, type })} is there, as the NSEC record of ${printable(owner)} says, but the answer lacks it`);
  if (isDelegation(types)) throw new DnssecError("key", `${rrsetLabel({ name, type })}: ${printable(owner)} is another zone`);
  return span;
}

function isDelegation(types: ReadonlySet<number>): boolean {
  return types.has(RecordType.NS) && !types.has(RecordType.SOA);
}

/** The longest ancestor that exists: one of the two names that enclose the gap is it, or is below it. */
function closestEncloser(name: string, { owner, next }: Span): string {
  let ancestor = parentOf(name);
  while (!isSubdomain(owner, ancestor) && !isSubdomain(next, ancestor)) ancestor = parentOf(ancestor);
  return ancestor;
}

function wildcardBelow(name: string): string {
  return name === "." ? "*." : `*.${name}`;
}

function readSpans({ name, type, records }: SignedAnswer, zone: string): Span[] {
  const found = records.filter((record) => record.type === RecordType.NSEC);
  if (found.length > MOST_NSEC) throw new DnssecError("limit", `${rrsetLabel({ name, type })} is said to be absent, with ${found.length} NSEC records: at most ${MOST_NSEC} are looked at`);
  const inZone = found.filter((record) => isSubdomain(record.name, zone));
  return inZone.map((record) => {
    const { next, types } = readRecord(record, decodeNsec);
    return { owner: record.name, next, types: new Set(types) };
  });
}

function nsecAt(owner: string, records: readonly ResourceRecord[]): Parameters<typeof verifyRrset>[0] {
  const own = records.filter(({ name }) => name === owner);
  const rrset = rrsetOf(owner, RecordType.NSEC, own.filter(({ type }) => type === RecordType.NSEC));
  if (rrset.records.length !== 1) throw new DnssecError("malformed", `${rrsetLabel(rrset)}: there are ${rrset.records.length}, one is right`);
  return { rrset, signatures: covering(RecordType.NSEC, own) };
}

function missingProof({ name, type, records }: SignedAnswer, absent: string): never {
  const label = rrsetLabel({ name, type });
  if (records.some((record) => record.type === RecordType.NSEC3)) {
    throw new DnssecError("unsupported", `${label} is said to be absent, with NSEC3: sign the zone with NSEC, there is nothing in it to hide`);
  }
  throw new DnssecError("missing", `${label} is said to be absent, but no NSEC record proves that ${absent === name ? "it" : printable(absent)} is not there`);
}
