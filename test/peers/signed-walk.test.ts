import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { formatIp, formatPrefix, parseIp, parsePrefix } from "../../src/address/index.ts";
import { qsrSchema } from "../../src/config/schema.ts";
import { parseTrustAnchor } from "../../src/dns/dnssec/index.ts";
import type { RegistryOptions } from "../../src/dns/discovery/types.ts";
import { RecordType, type ResourceRecord, encodeAddress, encodeHostName, encodeSoa } from "../../src/dns/records/index.ts";
import { DnsClient } from "../../src/io/dns-client.ts";
import type { DiscoveryOptions } from "../../src/io/discovery-loop.ts";
import { RegistrySources } from "../../src/roles/registry-sources.ts";
import { discoveryOn } from "../support/discover.ts";
import { KEYED_ZONE, KNOT, OPEN_ZONE, RealPrimary, type ZoneName } from "../support/primaries/index.ts";
import { SIGNING_KNOT } from "../support/primaries/knot.ts";
import { drtm, freePort } from "../support/process.ts";
import { isWanted } from "../support/program.ts";
import { registry, svcb, uncached } from "../support/registry.ts";
import { Unbound } from "../support/unbound.ts";

const REGISTRY = `${OPEN_ZONE}.`;
const DSOC = `${KEYED_ZONE}.`;
const SERVICE = `s1.${DSOC}`;
const EVERYWHERE = [parsePrefix("0.0.0.0/0"), parsePrefix("::/0")];

/** The DS data of the DSOC's zone; there once it is signed. */
let ds: string[] = [];

function registryZone(serial: number, ...prefixes: string[]): ResourceRecord[] {
  return uncached(registry(serial, [{ services: [SERVICE], prefixes }], REGISTRY, ds.length === 0 ? [] : [{ zone: DSOC, ds }]));
}

function dsocZone(): ResourceRecord[] {
  const soa = { mname: `ns.${DSOC}`, rname: `hostmaster.${DSOC}`, serial: 1, refresh: 60, retry: 60, expire: 3600, minimum: 60 };
  const servers = [
    { name: DSOC, type: RecordType.SOA, ttl: 60, data: encodeSoa(soa) },
    { name: DSOC, type: RecordType.NS, ttl: 60, data: encodeHostName(`ns.${DSOC}`) },
    { name: `ns.${DSOC}`, type: RecordType.A, ttl: 60, data: encodeAddress(parseIp("127.0.0.1")) },
  ];
  return [...servers, svcb(SERVICE, { target: `fra1.${DSOC}`, ipv4hint: [parseIp("127.0.1.1")] })];
}

function zones(zone: ZoneName): ResourceRecord[] {
  return zone === OPEN_ZONE ? registryZone(1, "192.0.2.0/24") : dsocZone();
}

describe.runIf(isWanted("knotd") && isWanted("unbound"))("Knot signs (needs knotd, unbound)", () => {
  let signing: RealPrimary;
  let plain: RealPrimary;
  const resolvers: Unbound[] = [];

  beforeAll(async () => {
    const notifyPort = await freePort();
    [signing, plain] = await Promise.all([SIGNING_KNOT, KNOT].map((kind) => RealPrimary.start(kind, notifyPort, zones)));
    ds = signing.anchorsOf(KEYED_ZONE).map((text) => text.replace(/^.* DS /, ""));
    signing.change(OPEN_ZONE, registryZone(2, "192.0.2.0/24", "198.51.100.0/24"));
    const dns = new DnsClient({ servers: [{ address: parseIp("127.0.0.1"), port: signing.place.port }] });
    await vi.waitUntil(async () => (await dns.query(`keyed.example.keys.${REGISTRY}`, RecordType.TXT)).records.length > 0, { timeout: 10_000 });
  }, 30_000);

  afterAll(async () => {
    await Promise.all([signing, plain, ...resolvers].map((one) => one.stop()));
  });

  async function resolver(registryFrom: RealPrimary, dsocFrom: RealPrimary, anchors: readonly string[] = []): Promise<number> {
    const unbound = await Unbound.start({ [REGISTRY]: registryFrom.place.port, [DSOC]: dsocFrom.place.port }, anchors);
    resolvers.push(unbound);
    return unbound.port;
  }

  /** What a discovery has found at its first reading; by the registry's anchors, unless others are given. */
  async function discovered(port: number, options: Partial<DiscoveryOptions> = {}, anchors = signing.anchorsOf(OPEN_ZONE)) {
    const { loop, catalogues } = discoveryOn(port, { registries: registriesOf(anchors), ...options });
    await loop.start();
    await loop.close();
    return { ...report(catalogues.at(-1)), status: loop.status };
  }

  test.each(["directly", "through Unbound"])("a walk %s finds what is signed, with QSAs by the DS data of the registry", async (way) => {
    const port = way === "directly" ? signing.place.port : await resolver(signing, signing);
    const { mabs, qsas, status } = await discovered(port);
    expect(status.problems).toEqual([]);
    expect(mabs).toEqual(["192.0.2.0/24", "198.51.100.0/24"]);
    expect(qsas).toEqual(["127.0.1.1"]);
    expect(status.sources).toEqual({ [REGISTRY]: "validated query walk" });
  });

  test("a registry that is not signed is refused, and the status says why", async () => {
    const { mabs, status } = await discovered(plain.place.port);
    expect(mabs).toEqual([]);
    expect(status.problems).toEqual([{ name: REGISTRY, problem: expect.stringMatching(/^not read yet: every answer for open\.example\. DNSKEY is refused \(127\.0\.0\.1:\d+: DNSKEY of open\.example\.: there is none\)$/) }]);
  });

  test.each([
    ["that is signed, with its digest, counts", () => signing, /^zone transfer from /, []],
    [
      "that is not signed does not, and a validated walk does in its place",
      () => plain,
      /^validated query walk$/,
      [{ name: REGISTRY, problem: expect.stringMatching(/^read by validated query walk, since .* serial 1 of open\.example\. is refused: DNSKEY of open\.example\.: there is none( \[since \S+\])?$/) }],
    ],
  ])("a transfer %s", async (_what, primary, source, problems) => {
    const [trustAnchor = ""] = signing.anchorsOf(OPEN_ZONE);
    const registries = [{ apex: OPEN_ZONE, primaries: [{ address: `127.0.0.1:${primary().place.port}` }], trustAnchors: [trustAnchor] }];
    const sources = new RegistrySources(qsrSchema.parse({ role: "qsr", dns: { registries } }).dns);
    const readerOf: DiscoveryOptions["readerOf"] = (options, walk, tools) => sources.readerOf(options, walk, tools);
    const { mabs, qsas, status } = await discovered(signing.place.port, { registries: sources.registries, readerOf });
    expect([mabs, qsas, status.problems]).toEqual([["192.0.2.0/24", "198.51.100.0/24"], ["127.0.1.1"], problems]);
    expect(status.sources[REGISTRY]).toMatch(source);
  });

  test("a DSOC whose zone is not signed as the registry says is refused, and the status says why", async () => {
    const { mabs, qsas, status } = await discovered(await resolver(signing, plain));
    expect(mabs).toEqual(["192.0.2.0/24", "198.51.100.0/24"]);
    expect(qsas).toEqual([]);
    expect(status.problems).toContainEqual({ name: SERVICE, problem: expect.stringMatching(/^has no QSAs: every answer for keyed\.example\. DNSKEY is refused \(.*there is none\)$/) });
  });

  test("services are taken on the word of Unbound where it has validated them, and not where it has not", async () => {
    const anchors = signing.anchorsOf(KEYED_ZONE);
    const ofSigned = await resolver(signing, signing, anchors);
    const ofOther = await resolver(signing, signing, signing.anchorsOf(OPEN_ZONE));
    expect((await discovered(plain.place.port, trusting(ofSigned), [])).qsas).toEqual(["127.0.1.1"]);
    const { qsas, status } = await discovered(plain.place.port, trusting(ofOther), []);
    expect(qsas).toEqual([]);
    expect(status.problems).toContainEqual({ name: SERVICE, problem: expect.stringContaining("the trusted resolver does not say that it has validated it (AD)") });
  });

  test("drtm zone check verifies signatures by queries too", async ({ onTestFinished }) => {
    const directory = mkdtempSync(join(tmpdir(), "drtm-anchors-"));
    onTestFinished(() => {
      rmSync(directory, { recursive: true });
    });
    const file = join(directory, "anchors");
    writeFileSync(file, signing.anchorsOf(OPEN_ZONE).join("\n"));
    const checkAt = (port: number) => drtm("zone", "check", "--server", `127.0.0.1:${port}`, "--apex", OPEN_ZONE, "--by", "queries", "--anchors", file, "--allow-loopback");
    expect((await checkAt(signing.place.port)).stdout).toMatch(/\d\d signatures right, 1 zone by anchors given, 1 zone by DS data of the registry; the first ends/);
    expect((await checkAt(plain.place.port)).stdout).toContain("is not signed, and anchors are given for it");
  });

  test("a change is followed, as Knot signs it", async ({ onTestFinished }) => {
    const { loop, catalogues, failures } = discoveryOn(signing.place.port, { registries: registriesOf(signing.anchorsOf(OPEN_ZONE)) });
    onTestFinished(() => loop.close());
    await loop.start();
    signing.change(OPEN_ZONE, registryZone(3, "192.0.2.0/24", "203.0.113.0/24"));
    await expect.poll(() => report(catalogues.at(-1)).mabs, { timeout: 10_000 }).toEqual(["192.0.2.0/24", "203.0.113.0/24"]);
    expect(failures).toEqual([]);
  });
});

/** Services must be vouched for, and this resolver may. */
function trusting(port: number): Pick<DiscoveryOptions, "services"> {
  return { services: { always: true, resolver: new DnsClient({ servers: [{ address: parseIp("127.0.0.1"), port }] }) } };
}

function registriesOf(anchors: readonly string[]): RegistryOptions[] {
  return [{ apex: REGISTRY, space: EVERYWHERE, anchors: anchors.map((text) => parseTrustAnchor(text, REGISTRY)) }];
}

function report(catalogue: ReturnType<typeof discoveryOn>["catalogues"][number] | undefined): { mabs: string[]; qsas: string[] } {
  if (catalogue === undefined) return { mabs: [], qsas: [] };
  return {
    mabs: Array.from(catalogue.mabs(), ({ prefix }) => formatPrefix(prefix)),
    qsas: catalogue.services.flatMap(({ servers }) => servers.map(({ address }) => formatIp(address))),
  };
}
