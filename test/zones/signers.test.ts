import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type TrustAnchor, parseTrustAnchor, validateAbsence, validateKeys, validateRrset, validateZone, zonemdOf } from "../../src/dns/dnssec/index.ts";
import { RecordType, type ResourceRecord } from "../../src/dns/records/index.ts";
import { formatZoneFile, parseZoneFile } from "../../src/dns/zone-file/index.ts";
import { ZoneImage } from "../../src/dns/zone-image/index.ts";
import { dnssecTools } from "../../src/io/dnssec-verifier.ts";
import { isWanted, requireProgram } from "../support/program.ts";

const ZONE = "dsoc-a.example.";
const ZONES = join(import.meta.dirname, "../../zones");
const FILE = join(ZONES, "dsoc-a.example.zone");
const ALGORITHMS = ["RSASHA256", "ECDSAP256SHA256", "ED25519"];
const tools = dnssecTools();
const folders: string[] = [];

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** A zone as another's signer has signed it, and the DS or DNSKEY of its KSK. */
interface Signed {
  readonly records: readonly ResourceRecord[];
  readonly anchor: string;
}

/** Each by its Debian package: key pairs made, and zones/dsoc-a.example.zone signed with them. */
const SIGNERS = [
  { program: "ldns-signzone", from: "ldnsutils", hasZonemd: true, sign: signWithLdns },
  { program: "kzonesign", from: "knot-dnssecutils", hasZonemd: true, sign: signWithKnot },
  { program: "dnssec-signzone", from: "bind9-utils", hasZonemd: false, sign: signWithBind },
];

describe.each(SIGNERS)("$program", ({ program, from, hasZonemd, sign }) => {
  test.runIf(isWanted(program)).each(ALGORITHMS.flatMap((algorithm) => [`${algorithm}, NSEC`, `${algorithm}, NSEC3`]))(`%s (needs ${program})`, (variant) => {
    requireProgram(program, from);
    const [algorithm, denial] = variant.split(", ") as [string, string];
    const { records, anchor } = sign(algorithm, denial === "NSEC3");
    const anchors = [parseTrustAnchor(anchor, ZONE)];
    const image = ZoneImage.of(ZONE, records);
    expect(validateZone(image, anchors, now(), tools)).toMatchObject(hasZonemd ? { valid: true } : { valid: false, fault: "missing", reason: `ZONEMD of ${ZONE}: there is none` });
    expect(refusedRrsets(image, anchors)).toEqual([]);
    expect(absences(image, anchors)).toEqual(denial === "NSEC" ? ["absent", "absent", "absent", "missing"] : Array.from({ length: 4 }, () => "unsupported"));
    const again = parseZoneFile(formatZoneFile(records, { apex: ZONE }), { file: "again.zone" }).records;
    expect(again).toEqual(records);
  });
});

describe("ldns-verify-zone", () => {
  const program = "ldns-verify-zone";
  const zones = readdirSync(ZONES).filter((file) => file.endsWith(".zone"));

  test.runIf(isWanted(program)).each(zones)(`computes the digest of %s as we do (needs ${program})`, (file) => {
    const apex = `${file.slice(0, -".zone".length)}.`;
    const records = recordsIn(join(ZONES, file), apex);
    const digested = [...records, zonemdOf(ZoneImage.of(apex, records), tools.digest)];
    const verify = (content: readonly ResourceRecord[]) => () => {
      const folder = newFolder();
      writeFileSync(join(folder, "zone"), formatZoneFile(content, { apex }));
      return run(program, ["-Z", "zone"], folder);
    };
    expect(verify(digested)).not.toThrow();
    expect(verify(digested.toSpliced(1, 1))).toThrow(/zonemd|digest/i);
  });
});

function refusedRrsets(image: ZoneImage, anchors: readonly TrustAnchor[]): string[] {
  const keys = validateKeys(ZONE, [...image.records()], anchors, now(), tools);
  if (!keys.valid) return [keys.reason];
  const setting = { zone: ZONE, now: now(), verifier: tools.verifier };
  const refused: string[] = [];
  for (const { name, type } of image.rrsets()) {
    if (type === RecordType.RRSIG) continue;
    const records = [...(image.rrset(name, type)?.records ?? []), ...(image.rrset(name, RecordType.RRSIG)?.records ?? [])];
    const verdict = validateRrset({ name, type, records }, keys, setting);
    if (!verdict.valid) refused.push(verdict.reason);
  }
  return refused;
}

/** What is said of a type, a name, a name between names, and a record that is there. */
function absences(image: ZoneImage, anchors: readonly TrustAnchor[]): string[] {
  const records = [...image.records()];
  const keys = validateKeys(ZONE, records, anchors, now(), tools);
  if (!keys.valid) return [keys.reason];
  const questions = [`_drtm.s1.${ZONE} TXT`, `nowhere.${ZONE} TXT`, `s1.${ZONE} TXT`, `_drtm.s1.${ZONE} SVCB`].map((question) => question.split(" ") as [string, "TXT" | "SVCB"]);
  return questions.map(([name, type]) => {
    const verdict = validateAbsence({ name, type: RecordType[type], records }, keys, { zone: ZONE, now: now(), verifier: tools.verifier });
    return verdict.valid ? "absent" : verdict.fault;
  });
}

function signWithLdns(algorithm: string, isNsec3: boolean): Signed {
  const folder = newFolder();
  const [zsk, ksk] = [[], ["-k"]].map((flags) => run("ldns-keygen", ["-a", algorithm, ...flags, ZONE], folder).trim());
  run("ldns-signzone", ["-z", "simple:sha384", "-z", "simple:sha512", ...(isNsec3 ? ["-n"] : []), "-f", "signed", FILE, zsk!, ksk!], folder);
  return { records: recordsIn(join(folder, "signed")), anchor: readFileSync(join(folder, `${ksk}.ds`), "utf8") };
}

function signWithBind(algorithm: string, isNsec3: boolean): Signed {
  const folder = newFolder();
  const [zsk, ksk] = [[], ["-f", "KSK"]].map((flags) => run("dnssec-keygen", ["-q", "-a", algorithm, ...flags, ZONE], folder).trim());
  const keys = [zsk, ksk].map((name) => readFileSync(join(folder, `${name}.key`), "utf8"));
  writeFileSync(join(folder, "zone"), [readFileSync(FILE, "utf8"), ...keys].join("\n"));
  run("dnssec-signzone", ["-q", "-o", ZONE, ...(isNsec3 ? ["-3", "-"] : []), "-f", "signed", "-k", ksk!, "zone", zsk!], folder);
  return { records: recordsIn(join(folder, "signed")), anchor: keys[1]!.split("\n").find((line) => line.includes("DNSKEY"))! };
}

function signWithKnot(algorithm: string, isNsec3: boolean): Signed {
  const folder = newFolder();
  const configuration = `
database:
  storage: ${folder}
policy:
  - id: drtm
    algorithm: ${algorithm.toLowerCase()}
    nsec3: ${isNsec3 ? "on" : "off"}
zone:
  - domain: ${ZONE}
    storage: ${folder}
    file: ${FILE}
    dnssec-signing: on
    dnssec-policy: drtm
    zonemd-generate: zonemd-sha512
`;
  writeFileSync(join(folder, "knot.conf"), configuration);
  run("kzonesign", ["-c", "knot.conf", "-o", folder, ZONE], folder);
  const signed = readdirSync(folder).find((name) => name.endsWith(".zone"))!;
  const records = recordsIn(join(folder, signed));
  return { records, anchor: run("keymgr", ["-c", "knot.conf", ZONE, "ds"], folder).split("\n")[0]! };
}

/** Signers begin their signatures at the second in which they run. */
function now(): number {
  return Math.floor(Date.now() / 1000);
}

function recordsIn(file: string, origin = ZONE): readonly ResourceRecord[] {
  return parseZoneFile(readFileSync(file, "utf8"), { file, origin }).records;
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "drtm-signer-"));
  folders.push(folder);
  return folder;
}

function run(program: string, options: readonly string[], cwd: string): string {
  return execFileSync(requireProgram(program, "ldnsutils, knot-dnssecutils, knot, bind9-utils"), options, { cwd, encoding: "utf8", stdio: "pipe" });
}
