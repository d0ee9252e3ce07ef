import { type Family, type Prefix, comparePrefixes, keyBits, prefixAround } from "../../address/index.ts";
import { aplItemLength } from "../records/apl.ts";
import { bucketName } from "./bucket-name.ts";

/** The MABs of one set that lie in one area of the address space: one RRset. */
export interface Bucket {
  readonly name: string;
  /** What the name stands for: family, first bits, depth. */
  readonly area: Prefix;
  /** In comparePrefixes order, each once. */
  readonly prefixes: readonly Prefix[];
}

/**
 * Octets of the APL records of a bucket at which it splits, so that its signed reply stays within 1,232: header 12, question 84 (a
 * long apex), one P-256 RRSIG 134, OPT with cookie 39. That is some 115 /24s or 80 /48s.
 */
export const MOST_BUCKET_OCTETS = 960;
/** Octets of items at which a record splits: a change removes one and adds one, and both are in the increment that a server sends. */
const MOST_RECORD_OCTETS = 160;
/** NSD 4.6 takes no more than 64 items in one APL record; so many have one address, and differ in length only. */
const MOST_RECORD_ITEMS = 60;
/** A compressed owner, type, class, TTL and length. */
const RECORD_HEAD_OCTETS = 12;

/**
 * Splits MABs into buckets, by address bits from the front, only where there are too many. A MAB that is exactly the
 * area of a split bucket has no next bit: it stays behind, and that bucket remains beside its children.
 */
export function splitIntoBuckets(prefixes: readonly Prefix[]): Bucket[] {
  const sorted = prefixes.toSorted(comparePrefixes).filter((prefix, index, all) => !sameAsBefore(prefix, all[index - 1]));
  const ofFamily = (family: Family): Bucket[] => {
    const members = sorted.filter((prefix) => prefix.family === family);
    return members.length === 0 ? [] : split(prefixAround(family, 0, 0, 0), members);
  };
  return [...ofFamily(4), ...ofFamily(6)];
}

/** The MABs of each APL record of a bucket. These are split by address too, so that a MAB more or less changes one record. */
export function recordsOfBucket({ area, prefixes }: Pick<Bucket, "area" | "prefixes">): (readonly Prefix[])[] {
  return splitIntoRecords(area.length, prefixes);
}

function split(area: Prefix, members: readonly Prefix[]): Bucket[] {
  if (members.length === 1 || area.length === keyBits(area.family) || fits(area, members)) return [{ name: bucketName(area), area, prefixes: members }];
  const staying = members.filter((prefix) => prefix.length === area.length);
  const lower = members.filter((prefix) => prefix.length > area.length && !bitAt(prefix, area.length));
  const upper = members.filter((prefix) => prefix.length > area.length && bitAt(prefix, area.length));
  return [
    ...(staying.length === 0 ? [] : split(area, staying)),
    ...(lower.length === 0 ? [] : split(half(area, lower[0]!), lower)),
    ...(upper.length === 0 ? [] : split(half(area, upper[0]!), upper)),
  ];
}

function fits(area: Prefix, members: readonly Prefix[]): boolean {
  const octets = octetsOf(members);
  return octets < MOST_BUCKET_OCTETS && octets + RECORD_HEAD_OCTETS * splitIntoRecords(area.length, members).length <= MOST_BUCKET_OCTETS;
}

/** `bits`: so many first bits do all of these have in common. */
function splitIntoRecords(bits: number, members: readonly Prefix[]): (readonly Prefix[])[] {
  if (members.length === 0) return [];
  if (octetsOf(members) <= MOST_RECORD_OCTETS) return [members];
  if (bits === keyBits(members[0]!.family)) return [members.slice(0, MOST_RECORD_ITEMS), ...splitIntoRecords(bits, members.slice(MOST_RECORD_ITEMS))];
  const [lower, upper] = [false, true].map((bit) => members.filter((prefix) => bitAt(prefix, bits) === bit)) as [Prefix[], Prefix[]];
  return [...splitIntoRecords(bits + 1, lower), ...splitIntoRecords(bits + 1, upper)];
}

function half(area: Prefix, member: Prefix): Prefix {
  return prefixAround(area.family, member.hi, member.lo, area.length + 1);
}

function bitAt({ hi, lo }: Prefix, index: number): boolean {
  const word = index < 32 ? hi : lo;
  return ((word >>> (31 - (index % 32))) & 1) === 1;
}

function octetsOf(prefixes: readonly Prefix[]): number {
  return prefixes.reduce((total, prefix) => total + aplItemLength(prefix), 0);
}

function sameAsBefore(prefix: Prefix, before: Prefix | undefined): boolean {
  return before !== undefined && comparePrefixes(before, prefix) === 0;
}
