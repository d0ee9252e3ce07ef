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
 * Octets of APL items at which a bucket splits, so that its signed reply stays within 1,232: header 12, question 84 (a
 * long apex), three record heads 36, one P-256 RRSIG 134, OPT with cookie 39. That is 128 /24s or 90 /48s.
 */
export const MOST_BUCKET_OCTETS = 900;

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

function split(area: Prefix, members: readonly Prefix[]): Bucket[] {
  if (members.length === 1 || octetsOf(members) <= MOST_BUCKET_OCTETS || area.length === keyBits(area.family)) {
    return [{ name: bucketName(area), area, prefixes: members }];
  }
  const staying = members.filter((prefix) => prefix.length === area.length);
  const lower = members.filter((prefix) => prefix.length > area.length && !bitAt(prefix, area.length));
  const upper = members.filter((prefix) => prefix.length > area.length && bitAt(prefix, area.length));
  return [
    ...(staying.length === 0 ? [] : split(area, staying)),
    ...(lower.length === 0 ? [] : split(half(area, lower[0]!), lower)),
    ...(upper.length === 0 ? [] : split(half(area, upper[0]!), upper)),
  ];
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
