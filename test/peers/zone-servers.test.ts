import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseIp } from "../../src/address/index.ts";
import { RecordType, type ResourceRecord, encodeHostName, encodeSoa } from "../../src/dns/records/index.ts";
import { formatZoneFile } from "../../src/dns/zone-file/index.ts";
import { CERTIFICATE_NAME, pinOf } from "../support/certificate.ts";
import { KEY, KEYED_ZONE, OPEN_ZONE, PRIMARY_KINDS, RealPrimary, type ZoneName } from "../support/primaries/index.ts";
import { drtm } from "../support/process.ts";
import { isWanted } from "../support/program.ts";
import { registry, svcb } from "../support/registry.ts";

const SERVICE = `s1.${KEYED_ZONE}.`;
const directory = mkdtempSync(join(tmpdir(), "drtm-servers-"));
const KEY_FILE = join(directory, "key");

beforeAll(() => {
  writeFileSync(KEY_FILE, `key "${KEY.name}" { algorithm hmac-sha256; secret "${KEY.secret}"; };\n`);
});

afterAll(() => {
  rmSync(directory, { recursive: true });
});

/** The open zone is a registry; the keyed one is that of its DSOC. */
function zone(name: ZoneName, serial = 1, ...mabs: string[]): readonly ResourceRecord[] {
  const apex = `${name}.`;
  if (name === OPEN_ZONE) return registry(serial, [{ services: [SERVICE], prefixes: ["192.0.2.0/24", ...mabs] }], apex);
  const soa = encodeSoa({ mname: `ns.${OPEN_ZONE}.`, rname: `hostmaster.${apex}`, serial, refresh: 300, retry: 60, expire: 604_800, minimum: 60 });
  return [
    { name: apex, type: RecordType.SOA, ttl: 60, data: soa },
    ...["ns", "ns2"].map((host) => ({ name: apex, type: RecordType.NS, ttl: 60, data: encodeHostName(`${host}.${OPEN_ZONE}.`) })),
    svcb(SERVICE, { target: `fra1.${apex}`, ipv4hint: [parseIp("198.51.100.1")] }),
  ];
}

describe.each(PRIMARY_KINDS)("drtm zone and $name", (kind) => {
  const isHere = isWanted(kind.program);
  let primary: RealPrimary;
  let server: string;

  beforeAll(async () => {
    if (!isHere) return;
    primary = await RealPrimary.start(kind, 9, zone);
    server = `127.0.0.1:${primary.place.port}`;
  });

  afterAll(() => primary?.stop());

  test.runIf(isHere)(`check by transfer, and by queries what is not given (needs ${kind.program})`, async () => {
    const { status, stdout } = await drtm("zone", "check", "--server", server, "--apex", OPEN_ZONE);
    expect(status).toBe(0);
    expect(stdout).toContain(`${server}: note: ${KEYED_ZONE}. is read by queries, so that only what readers ask for is checked: ${KEYED_ZONE}. could not be transferred`);
    expect(stdout).toMatch(/\n2 zones, 1 MAB, 1 QSA address: no errors, \d notes?\n$/);
  });

  test.runIf(isHere)(`check of a DSOC's zone with its TSIG key, and not without (needs ${kind.program})`, async () => {
    const keyed = await drtm("zone", "check", "--server", server, "--apex", KEYED_ZONE, "--tsig", KEY_FILE);
    expect(keyed).toEqual({ status: 0, stdout: "1 zone, 0 MABs, 1 QSA address: no errors, 0 notes\n", stderr: "" });
    const bare = await drtm("zone", "check", "--server", server, "--apex", KEYED_ZONE, "--by", "transfer");
    expect(bare).toMatchObject({ status: 1, stdout: "", stderr: expect.stringMatching(/could not be transferred .*(REFUSED|NOTAUTH)/) as string });
  });

  test.runIf(isHere)(`diff of a file and of the server itself (needs ${kind.program})`, async () => {
    const same = { status: 0, stdout: "the same\n", stderr: "" };
    const file = join(directory, `${kind.name}.zone`);
    writeFileSync(file, formatZoneFile(zone(KEYED_ZONE), { apex: `${KEYED_ZONE}.` }));
    expect(await drtm("zone", "diff", file, server, "--tsig", KEY_FILE)).toEqual(same);
    expect(await drtm("zone", "diff", file, server, "--by", "queries")).toEqual(same);
    expect(await drtm("zone", "diff", server, server, "--apex", OPEN_ZONE)).toEqual(same);
  });

  if (!kind.hasTls) return;
  test.runIf(isHere)(`check and diff over TLS, by CA and by pin (needs ${kind.program})`, async () => {
    const place = `127.0.0.1:${primary.place.tlsPort}`;
    const byName = ["--tls-name", CERTIFICATE_NAME, "--tls-ca", join(primary.place.directory, "certificate.pem")];
    const checked = await drtm("zone", "check", "--server", place, "--apex", KEYED_ZONE, "--tsig", KEY_FILE, ...byName);
    expect(checked).toMatchObject({ status: 0, stdout: "1 zone, 0 MABs, 1 QSA address: no errors, 0 notes\n" });
    const pinned = await drtm("zone", "check", "--server", place, "--apex", OPEN_ZONE, "--tls-pin", pinOf(primary.place.directory));
    expect(pinned.status).toBe(0);
    expect(pinned.stdout).toContain(`${place} over TLS: note: ${SERVICE} is in a zone that this server does not give`);
    expect(await drtm("zone", "diff", place, place, "--apex", OPEN_ZONE, ...byName)).toMatchObject({ status: 0, stdout: "the same\n" });
    const unknown = await drtm("zone", "check", "--server", place, "--apex", OPEN_ZONE, "--tls-name", CERTIFICATE_NAME);
    expect(unknown).toMatchObject({ status: 1, stderr: expect.stringContaining("its TLS certificate is not trusted") as string });
  });
});

test.runIf(isWanted("nsd"))("diff of two servers tells of serials, and of who is behind (needs nsd)", async () => {
  const nsd = PRIMARY_KINDS.find(({ name }) => name === "NSD")!;
  const [old, other] = [await RealPrimary.start(nsd, 9, zone), await RealPrimary.start(nsd, 9, (name) => zone(name, 3, "198.51.100.0/24"))];
  const [a, b] = [old, other].map(({ place }) => `127.0.0.1:${place.port}`) as [string, string];
  try {
    const differs = await drtm("zone", "diff", a, b, "--apex", OPEN_ZONE);
    expect(differs).toMatchObject({ status: 1, stdout: `+ MAB 198.51.100.0/24  ${SERVICE}\n~ serial of ${OPEN_ZONE}.  1 to 3: ${a} is behind\nMABs: 1 added; serials: 1 changed\n` });
    const json = await drtm("zone", "diff", a, b, "--apex", KEYED_ZONE, "--tsig", KEY_FILE, "--json");
    expect(JSON.parse(json.stdout)).toEqual({ kind: "serial", change: "changed", zone: `${KEYED_ZONE}.`, before: 1, after: 3, behind: a });
  } finally {
    await Promise.all([old.stop(), other.stop()]);
  }
});
