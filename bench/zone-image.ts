import { type Prefix, parsePrefix } from "../src/address/index.ts";
import { parseTrustAnchor, validateZone } from "../src/dns/dnssec/index.ts";
import { Algorithm, RecordType, type ResourceRecord, concatBytes, encodeHostName, encodeTypeBitmap } from "../src/dns/records/index.ts";
import { ZoneImage } from "../src/dns/zone-image/index.ts";
import { registryRecords } from "../src/dns/zone-model/index.ts";
import { dnssecTools } from "../src/io/dnssec-verifier.ts";
import { sha256hex } from "../src/io/hash.ts";
import { NOW, dsText, makeKey, signZone } from "../test/support/zone-signer.ts";
import { samplePrefixes } from "./catalogue.ts";
import { signedStep } from "./signed-step.ts";
import { type Row, median } from "./table.ts";

const APEX = "drtm.example.";
const SETS = 300;
const NEW_MAB = parsePrefix("192.0.2.0/24");

/** A signed registry of 200,000 MABs is received, then one MAB is added to it, time and again: milliseconds of CPU. */
export function benchZoneImage(rounds: number): Row[] {
  const keys = [makeKey(APEX), makeKey(APEX, Algorithm.ECDSAP256SHA256, 256)];
  const records = signZone(APEX, unsigned(1, []), keys);
  const anchors = [parseTrustAnchor(dsText(keys[0]!), APEX)];
  const tools = dnssecTools();
  const [image, built] = timed(() => ZoneImage.of(APEX, records));
  const step = signedStep(image, ZoneImage.of(APEX, unsigned(2, [NEW_MAB])), keys);
  // As a server has it that holds the zone: blocks encoded, keys read.
  validateZone(image, anchors, NOW, tools);
  const times: number[][] = [];
  for (let round = 0; round < rounds + 1; round++) {
    const [changed, applying] = timed(() => image.change([step]).image);
    const [verdict, validating] = timed(() => validateZone(changed, anchors, NOW, tools));
    if (!verdict.valid) throw new Error(verdict.reason);
    times.push([applying, validating]);
  }
  const [applying, validating] = [0, 1].map((column) => median(times.slice(1).map((row) => row[column]!))) as [number, number];
  const octets = image.digestedOctets().reduce((total, part) => total + part.length, 0);
  const note = `${records.length.toLocaleString("en")} records, ${(octets / 1e6).toFixed(1)} MB`;
  return [
    { what: "signed registry of 200,000 MABs, put in order", value: built, unit: "ms", note },
    { what: "one MAB more, applied", value: applying, unit: "ms", note: `${step.removed.length} records removed, ${step.added.length} added` },
    { what: "signatures and ZONEMD checked after it", value: validating, unit: "ms" },
  ];
}

/** CPU time, so that what else the machine does counts less. */
function timed<T>(action: () => T): [T, number] {
  const before = process.cpuUsage();
  const result = action();
  const { user, system } = process.cpuUsage(before);
  return [result, (user + system) / 1000];
}

/** The registry with an NSEC record at each name, as signers make them. */
function unsigned(serial: number, more: readonly Prefix[]): ResourceRecord[] {
  const prefixes = samplePrefixes();
  const sets = Array.from({ length: SETS }, (_, set) => ({
    services: [`s${set}.dsoc.example.`],
    prefixes: [...prefixes.filter((_prefix, index) => index % SETS === set), ...(set === 0 ? more : [])],
  }));
  const soa = { mname: `ns.${APEX}`, rname: `hostmaster.${APEX}`, serial, refresh: 3600, retry: 600, expire: 604_800, minimum: 60 };
  const records = registryRecords({ apex: APEX, ttl: 60, soa, nameServers: [{ name: "ns.example.", addresses: [] }], sets }, sha256hex);
  const names = [...new Set(records.map(({ name }) => name))];
  const bitmap = encodeTypeBitmap([RecordType.APL, RecordType.RRSIG, RecordType.NSEC]);
  const nsec = names.map((name, index) => ({ name, type: RecordType.NSEC, ttl: 60, data: concatBytes([encodeHostName(names[index + 1] ?? APEX), bitmap]) }));
  return [...records, ...nsec];
}
