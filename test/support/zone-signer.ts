import { type KeyObject, createHash, generateKeyPairSync, sign } from "node:crypto";
import {
  Algorithm,
  RecordType,
  type ResourceRecord,
  type Rrset,
  type Rrsig,
  concatBytes,
  encodeDnskey,
  encodeName,
  encodeNsec,
  encodeRecords,
  encodeRrsig,
  encodeRrsigHead,
  splitLabels,
} from "../../src/dns/records/index.ts";
import { keyTag, zonemdOf } from "../../src/dns/dnssec/index.ts";
import { ZoneImage } from "../../src/dns/zone-image/index.ts";
import { digestOctets } from "../../src/io/dnssec-verifier.ts";

export const NOW = 1_800_000_000;
export const DAY = 86_400;

/** A key pair of a zone, and how it signs. */
export interface SigningKey {
  readonly record: ResourceRecord;
  readonly algorithm: number;
  readonly flags: number;
  readonly tag: number;
  readonly sign: (octets: Uint8Array) => Uint8Array;
}

export interface SigningTimes {
  readonly inception?: number;
  readonly expiration?: number;
}

export function makeKey(zone: string, algorithm: number = Algorithm.ECDSAP256SHA256, flags = 257, bits = 2048): SigningKey {
  const { publicKey, privateKey } = keyPair(algorithm, bits);
  const data = encodeDnskey({ flags, protocol: 3, algorithm, publicKey: publicOctets(publicKey) });
  const octetsSigned = (octets: Uint8Array): Uint8Array => sign(algorithm === Algorithm.ED25519 ? null : "sha256", octets, { key: privateKey, dsaEncoding: "ieee-p1363" });
  return { record: { name: zone, type: RecordType.DNSKEY, ttl: 60, data }, algorithm, flags, tag: keyTag(data), sign: octetsSigned };
}

/** DS data as text, for a trust anchor. */
export function dsText({ record, algorithm, tag }: SigningKey, hash: "sha256" | "sha384" = "sha256"): string {
  const digest = createHash(hash).update(encodeName(record.name)).update(record.data).digest();
  return `${tag} ${algorithm} ${hash === "sha256" ? 2 : 4} ${digest.toString("hex")}`;
}

export function signRrset(rrset: Rrset, key: SigningKey, { inception = NOW - DAY, expiration = NOW + 14 * DAY }: SigningTimes = {}, other: Partial<Rrsig> = {}): ResourceRecord {
  const { name, type, records } = rrset;
  const labels = splitLabels(name).length - (name.startsWith("*.") ? 1 : 0);
  const ttl = records[0]!.ttl;
  const head = { typeCovered: type, algorithm: key.algorithm, labels, originalTtl: ttl, expiration, inception, keyTag: key.tag, signer: key.record.name, ...other };
  const signature = key.sign(concatBytes([encodeRrsigHead(head), encodeRecords(records, head.originalTtl)]));
  return { name, type: RecordType.RRSIG, ttl, data: encodeRrsig({ ...head, signature }) };
}

/** The zone with keys, ZONEMD, and a signature of every RRset: of the DNSKEY RRset by the KSKs, of the others by the ZSKs, if any. */
export function signZone(apex: string, unsigned: readonly ResourceRecord[], keys: readonly SigningKey[], times: SigningTimes = {}, hash: "sha384" | "sha512" = "sha384"): ResourceRecord[] {
  const records = [...unsigned, ...keys.map(({ record }) => record)];
  const others = [...ZoneImage.of(apex, records).rrsets()].flatMap((rrset) => signaturesOf(rrset, keys, times));
  const digest = zonemdOf(ZoneImage.of(apex, [...records, ...others]), digestOctets, hash);
  const signed = signaturesOf({ name: apex, type: RecordType.ZONEMD, records: [digest] }, keys, times);
  return [...records, ...others, digest, ...signed];
}

/** The NSEC records of a zone whose other records are these (RFC 4034 section 4). */
export function nsecChain(apex: string, records: readonly ResourceRecord[]): ResourceRecord[] {
  const types = new Map<string, number[]>();
  for (const { name, type } of ZoneImage.of(apex, records).rrsets()) types.set(name, [...(types.get(name) ?? []), type]);
  const names = [...types.keys()];
  return names.map((name, index) => {
    const data = encodeNsec({ next: names[index + 1] ?? apex, types: [...types.get(name)!, RecordType.RRSIG, RecordType.NSEC] });
    return { name, type: RecordType.NSEC, ttl: 60, data };
  });
}

export function signaturesOf(rrset: Rrset, keys: readonly SigningKey[], times: SigningTimes = {}): ResourceRecord[] {
  const isKsk = ({ flags }: SigningKey): boolean => (flags & 1) === 1;
  const wanted = keys.filter((key) => isKsk(key) === (rrset.type === RecordType.DNSKEY));
  return (wanted.length > 0 ? wanted : keys).map((key) => signRrset(rrset, key, times));
}

function keyPair(algorithm: number, bits: number): { publicKey: KeyObject; privateKey: KeyObject } {
  if (algorithm === Algorithm.RSASHA256) return generateKeyPairSync("rsa", { modulusLength: bits });
  if (algorithm === Algorithm.ED25519) return generateKeyPairSync("ed25519");
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

function publicOctets(key: KeyObject): Uint8Array {
  const { n, e, x, y } = key.export({ format: "jwk" }) as Partial<Record<"n" | "e" | "x" | "y", string>>;
  if (n !== undefined) return concatBytes([Uint8Array.of(numberOf(e).length), numberOf(e), numberOf(n)]);
  return concatBytes([numberOf(x), numberOf(y)]);
}

function numberOf(text = ""): Buffer {
  return Buffer.from(text, "base64url");
}
