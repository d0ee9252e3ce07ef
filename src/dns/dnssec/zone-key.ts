import { type Dnskey, DnskeyFlag, RdataError, type ResourceRecord, decodeDnskey } from "../records/index.ts";
import { DnssecError } from "./error.ts";
import { type KeyMaterial, keyMaterial } from "./key-material.ts";

/** One key of a DNSKEY RRset. */
export interface ZoneKey {
  readonly record: ResourceRecord;
  readonly key: Dnskey;
  readonly tag: number;
  /** An error where the key must not be used, and why. */
  readonly material: KeyMaterial | DnssecError;
}

/** RFC 4034 section 2.1.2. */
const PROTOCOL = 3;

/** Throws RdataError where the record is no key at all. */
export function readZoneKey(record: ResourceRecord): ZoneKey {
  const key = decodeDnskey(record.data);
  return { record, key, tag: keyTag(record.data), material: usableMaterial(key) };
}

/** A short name for a key, not unique (RFC 4034 appendix B). The exception for RSA/MD5 is left out with RSA/MD5. */
export function keyTag(data: Uint8Array): number {
  let sum = 0;
  for (const [index, octet] of data.entries()) sum += index % 2 === 0 ? octet * 256 : octet;
  return (sum + Math.floor(sum / 0x10000)) % 0x10000;
}

function usableMaterial(key: Dnskey): KeyMaterial | DnssecError {
  try {
    checkUse(key);
    return keyMaterial(key);
  } catch (error) {
    if (error instanceof DnssecError) return error;
    if (error instanceof RdataError) return new DnssecError("malformed", error.message, { cause: error });
    throw error;
  }
}

/** RFC 4034 section 2.1: only zone keys sign zones. RFC 5011 section 2.1: a revoked key is not to be trusted. */
function checkUse({ flags, protocol }: Dnskey): void {
  if ((flags & DnskeyFlag.zone) === 0) throw new DnssecError("key", "it is no zone key (its flags say so)");
  if ((flags & DnskeyFlag.revoked) !== 0) throw new DnssecError("key", "it is revoked");
  if (protocol !== PROTOCOL) throw new DnssecError("key", `its protocol is ${protocol}, not ${PROTOCOL}`);
}
