import { RecordType, type ResourceRecord, typeCoveredBy } from "../src/dns/records/index.ts";
import { zonemdOf } from "../src/dns/dnssec/index.ts";
import type { ZoneImage, ZoneStep } from "../src/dns/zone-image/index.ts";
import { digestOctets } from "../src/io/dnssec-verifier.ts";
import { type SigningKey, type SigningTimes, signaturesOf } from "../test/support/zone-signer.ts";

/** What a signer would send as the increment from a signed zone to one whose RRsets, as far as they are given, are not signed yet. */
export function signedStep(signed: ZoneImage, next: ZoneImage, keys: readonly SigningKey[], times: SigningTimes = {}): ZoneStep {
  const { apex } = signed;
  const differing = [...next.rrsets()].filter(({ name, type, records }) => type !== RecordType.DNSKEY && !sameRecords(records, signed.rrset(name, type)?.records));
  const outdated = [...differing, { name: apex, type: RecordType.ZONEMD }];
  const removed = outdated.flatMap(({ name, type }) => (signed.rrset(name, type)?.records ?? []).concat(coveringRecords(signed, name, type)));
  const added = differing.flatMap((rrset) => rrset.records.concat(signaturesOf(rrset, keys, times)));
  const { image } = signed.change([{ removed, added }]);
  const zonemd = zonemdOf(image, digestOctets);
  const signatures = signaturesOf({ name: apex, type: RecordType.ZONEMD, records: [zonemd] }, keys, times);
  return { removed, added: [...added, zonemd, ...signatures] };
}

function coveringRecords(image: ZoneImage, name: string, type: number): ResourceRecord[] {
  return (image.rrset(name, RecordType.RRSIG)?.records ?? []).filter(({ data }) => typeCoveredBy(data) === type);
}

function sameRecords(a: readonly ResourceRecord[], b: readonly ResourceRecord[] = []): boolean {
  return a.length === b.length && a.every(({ data }, index) => Buffer.compare(data, b[index]!.data) === 0);
}
