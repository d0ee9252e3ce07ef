import { ConfigError } from "../config/config-error.ts";
import { readTextFile } from "../config/text-file.ts";
import { DnssecError, type TrustAnchor, parseTrustAnchor } from "../dns/dnssec/index.ts";
import { RdataError, normaliseName } from "../dns/records/index.ts";

/** The owner comes first; a line without one begins with a key tag. */
const OWNER = /^(?!\d+\s)(\S+)\s/;

/** DS or DNSKEY records, one a line, with their owner: as signers print them. By apex. Throws ConfigError with every fault. */
export function readAnchorsFile(file: string): Map<string, TrustAnchor[]> {
  const anchors = new Map<string, TrustAnchor[]>();
  const faults: string[] = [];
  for (const [index, whole] of readTextFile(file).split("\n").entries()) {
    const line = whole.replace(/;.*/, "").trim();
    if (line === "") continue;
    try {
      const zone = ownerOf(line);
      anchors.set(zone, [...(anchors.get(zone) ?? []), parseTrustAnchor(line, zone)]);
    } catch (error) {
      if (!(error instanceof DnssecError || error instanceof RdataError)) throw error;
      faults.push(`${file}:${index + 1}: ${error.message}`);
    }
  }
  if (anchors.size + faults.length === 0) faults.push(`${file} has no trust anchors: write DS or DNSKEY records, one a line`);
  if (faults.length > 0) throw new ConfigError(faults);
  return anchors;
}

function ownerOf(line: string): string {
  const [, owner] = OWNER.exec(line) ?? [];
  if (owner === undefined) throw new DnssecError("anchor", "an anchor without the name of its zone: write the whole record, such as drtm.example. DS 60485 13 2 ...");
  return normaliseName(owner.endsWith(".") ? owner : `${owner}.`);
}
