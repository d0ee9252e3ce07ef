import { RecordType, type ResourceRecord, type Zonemd, decodeZonemd, encodeZonemd, readRecord } from "../records/index.ts";
import type { ZoneImage } from "../zone-image/index.ts";
import { DnssecError } from "./error.ts";
import { sameOctets } from "./same-octets.ts";
import type { Digest, HashAlgorithm } from "./tools.ts";

/** RFC 8976 section 2.2.2. */
const SIMPLE = 1;

/** RFC 8976 section 2.2.3. */
const HASHES: ReadonlyMap<number, HashAlgorithm> = new Map([
  [1, "sha384"],
  [2, "sha512"],
]);
const OCTETS: Readonly<Record<HashAlgorithm, number>> = { sha256: 32, sha384: 48, sha512: 64 };

/** One digest of the zone must fit (RFC 8976 section 4). Throws DnssecError, with the reason for each that does not, and RdataError. */
export function checkZoneDigest(image: ZoneImage, digest: Digest): void {
  const records = image.rrset(image.apex, RecordType.ZONEMD)?.records ?? [];
  const digests = records.map((record) => readRecord(record, decodeZonemd));
  const refusals: DnssecError[] = [];
  for (const zonemd of digests) {
    const refusal = refusalOf(zonemd, digests, image, digest);
    if (refusal === undefined) return;
    refusals.push(refusal);
  }
  if (refusals.length === 0) throw new DnssecError("missing", `${image.apex} has no ZONEMD record: publish the digest of the zone (RFC 8976)`);
  throw new DnssecError(refusals[0]!.fault, `ZONEMD of ${image.apex}: ${refusals.map(({ message }) => message).join("; ")}`);
}

/** The ZONEMD record of a zone, of the SIMPLE scheme, with the TTL of its SOA: for those who publish. */
export function zonemdOf(image: ZoneImage, digest: Digest, hash: "sha384" | "sha512" = "sha384"): ResourceRecord {
  const [hashAlgorithm] = [...HASHES].find(([, name]) => name === hash)!;
  const data = encodeZonemd({ serial: image.soa.serial, scheme: SIMPLE, hashAlgorithm, digest: digest(hash, image.digestedOctets()) });
  return { name: image.apex, type: RecordType.ZONEMD, ttl: image.rrset(image.apex, RecordType.SOA)!.records[0]!.ttl, data };
}

function refusalOf(zonemd: Zonemd, all: readonly Zonemd[], image: ZoneImage, digest: Digest): DnssecError | undefined {
  const { serial, scheme, hashAlgorithm } = zonemd;
  const hash = HASHES.get(hashAlgorithm);
  const what = `scheme ${scheme}, hash algorithm ${hashAlgorithm}`;
  if (scheme !== SIMPLE) return new DnssecError("unsupported", `${what}: only scheme 1 (SIMPLE) is taken`);
  if (hash === undefined) return new DnssecError("unsupported", `${what}: only 1 (SHA-384) and 2 (SHA-512) are taken`);
  if (serial !== image.soa.serial) return new DnssecError("serial", `${what}: it is of serial ${serial}, the zone has ${image.soa.serial}`);
  // RFC 8976 section 2: several of one scheme and algorithm MUST NOT be used; so no more than two digests are ever made.
  if (all.some((other) => other !== zonemd && other.scheme === scheme && other.hashAlgorithm === hashAlgorithm)) return new DnssecError("digest", `${what}: there is more than one`);
  if (zonemd.digest.length !== OCTETS[hash]) return new DnssecError("digest", `${what}: it has ${zonemd.digest.length} octets, not ${OCTETS[hash]}`);
  return sameOctets(digest(hash, image.digestedOctets()), zonemd.digest) ? undefined : new DnssecError("digest", `${what}: the digest is not that of the zone`);
}
