import { RecordType, type ResourceRecord, type Rrset, type Rrsig, concatBytes, encodeRecords, encodeRrsigHead, splitLabels, typeCoveredBy } from "../records/index.ts";

/** An RRset and the RRSIG records at its owner that cover its type. */
export interface SignedRrset {
  readonly rrset: Rrset;
  readonly signatures: readonly ResourceRecord[];
}

/** The RRSIG records among these that cover a type. */
export function covering(type: number, records: readonly ResourceRecord[]): ResourceRecord[] {
  return records.filter((record) => record.type === RecordType.RRSIG && typeCoveredBy(record.data) === type);
}

/** What a signature is made over: its own data without the signature, and the RRset with its original TTL (RFC 4034 section 3.1.8.1). */
export function signedData(rrsig: Rrsig, { records }: Rrset): Uint8Array {
  return concatBytes([encodeRrsigHead(rrsig), encodeRecords(records, rrsig.originalTtl)]);
}

/** What the Labels field of a signature of this owner must be (RFC 4034 section 3.1.3): a leading `*` does not count. */
export function signedLabels(owner: string): number {
  return splitLabels(owner).length - (owner.startsWith("*.") ? 1 : 0);
}
