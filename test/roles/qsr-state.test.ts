import { appendFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { formatPrefix, parseIp } from "../../src/address/index.ts";
import { type QsrConfig, qsrSchema } from "../../src/config/schema.ts";
import { RecordType, type ResourceRecord, encodeSoa } from "../../src/dns/records/index.ts";
import { readCatalogue, writeCatalogue } from "../../src/io/catalogue-file.ts";
import { readDiscovery, writeDiscovery } from "../../src/io/discovery-file.ts";
import { DnsServer } from "../../src/io/dns-server.ts";
import { makeLog } from "../../src/io/log.ts";
import { QsrNode } from "../../src/roles/qsr-node.ts";
import { QsrState } from "../../src/roles/qsr-state.ts";
import { freePort } from "../support/process.ts";
import { ScriptedPrimary, gives } from "../support/hostile-primary.ts";
import { APEX, registry, svcb } from "../support/registry.ts";
import { dsText, makeKey, signZone } from "../support/zone-signer.ts";

const SERVICE = "s1.dsoc-a.example.";
const A = { services: [SERVICE], prefixes: ["192.0.2.0/24", "2001:db8::/32"] };
const B = { services: [SERVICE], prefixes: ["192.0.2.0/24", "198.51.100.0/24", "2001:db8::/32"] };
const log = makeLog({ level: "fatal" as "error", format: "json" });

let directory = "";
let dnsPort = 0;
let dns: DnsServer | undefined;
const nodes: QsrNode[] = [];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "drtm-state-"));
  dns = new DnsServer([registry(1, [A]), dsocZone()]);
  dnsPort = await dns.listen("127.0.0.1", 0);
});

afterEach(async () => {
  for (const node of nodes.splice(0)) await node.close();
  await dns?.close();
  rmSync(directory, { recursive: true });
});

function dsocZone(): ResourceRecord[] {
  const soa = { mname: "ns.dsoc-a.example.", rname: "hostmaster.dsoc-a.example.", serial: 1, refresh: 60, retry: 60, expire: 3600, minimum: 60 };
  const qsa = svcb(SERVICE, { target: "qsa1.dsoc-a.example.", ipv4hint: [parseIp("127.0.1.1")] });
  return [{ name: "dsoc-a.example.", type: RecordType.SOA, ttl: 60, data: encodeSoa(soa) }, qsa];
}

async function config({ registries = [{ apex: APEX }], qsas = { allowLoopback: true }, ...more }: { readonly registries?: readonly object[]; readonly qsas?: object } & object = {}): Promise<QsrConfig> {
  const servers = [`127.0.0.1:${dnsPort}`];
  const limits = { refreshMinSeconds: 0.1, refreshMaxSeconds: 1, queryDeadlineSeconds: 0.5, ...more };
  const parsed = qsrSchema.parse({
    role: "qsr",
    listen: [`127.0.0.1:${await freePort()}`],
    dns: { servers, registries, ...limits },
    qsas,
    state: { directory: join(directory, "state") },
  });
  return parsed;
}

async function open(more: object = {}): Promise<QsrNode> {
  const node = await QsrNode.open(await config(more), log);
  nodes.push(node);
  return node;
}

/** Ends a process that has read DNS. */
async function runOnce(): Promise<void> {
  const node = await open();
  await node.discover();
  await nodes.pop()!.close();
}

/** Has what is kept look as if DNS had confirmed it then. */
async function confirmedAt(time: number): Promise<void> {
  const [catalogue, discovery] = ["catalogue", "discovery"].map((name) => join(directory, "state", `${name}.drtm`)) as [string, string];
  await writeCatalogue(catalogue, { ...readCatalogue(catalogue)!, confirmedAt: time });
  const { registries, ...rest } = readDiscovery(discovery)!;
  await writeDiscovery(discovery, { ...rest, registries: registries.map(({ state, isVouchedFor }) => ({ state, isVouchedFor, confirmedAt: time })) });
}

function mabs(node: QsrNode): string[] {
  return Array.from(node.catalogue.mabs(), ({ prefix }) => formatPrefix(prefix));
}

describe("after a restart", () => {
  test("without DNS, the last good catalogue serves at once and goes on; with DNS again, it is followed", async () => {
    await runOnce();
    await dns!.close();
    const node = await open();
    expect(mabs(node)).toEqual(A.prefixes);
    expect((await node.engine.host.why("192.0.2.7")).services[0]!.qsas.map(({ name }) => name)).toEqual(["qsa1.dsoc-a.example."]);
    await node.discover();
    expect(mabs(node)).toEqual(A.prefixes);
    dns = new DnsServer([registry(2, [B]), dsocZone()]);
    await dns.listen("127.0.0.1", dnsPort);
    await expect.poll(() => mabs(node), { timeout: 10_000 }).toEqual(B.prefixes);
    expect(node.discovery.status.serials).toEqual({ [APEX]: 2 });
  });

  test("how far QSAs were is known, in whatever parts it was told", async () => {
    const state = new QsrState(join(directory, "state"), log);
    expect(state.readRanking()).toBeUndefined();
    const rows = [[4, 4344, 0x7f000101, 0, 0, 0, 12_345.5, 1], [6, 4344, 0x20010db8, 0, 0, 1, 1e6, 0.25]];
    state.follow(async () => rows.map((row) => Float64Array.from(row)));
    await state.close();
    expect(state.readRanking()).toEqual(Float64Array.from(rows.flat()));
  });

  test("what DNS says as before is no other catalogue", async () => {
    await runOnce();
    const node = await open();
    const { catalogue } = node;
    await node.discover();
    expect(node.catalogue).toBe(catalogue);
  });

  test("a damaged file is set aside, and DNS is read", async () => {
    await runOnce();
    for (const name of ["catalogue", "discovery", "ranking"]) appendFileSync(join(directory, "state", `${name}.drtm`), "x");
    const node = await open();
    expect(mabs(node)).toEqual([]);
    await node.discover();
    expect(mabs(node)).toEqual(A.prefixes);
    const damaged = readdirSync(join(directory, "state")).filter((name) => name.endsWith(".damaged"));
    expect(damaged.toSorted()).toEqual(["catalogue.drtm.damaged", "discovery.drtm.damaged", "ranking.drtm.damaged"]);
  });

  test("a catalogue without what discovery had read serves until DNS has been read, and then what it has lost is gone", async () => {
    await runOnce();
    appendFileSync(join(directory, "state", "discovery.drtm"), "x");
    const gone = { services: [SERVICE], prefixes: ["203.0.113.0/24"] };
    dns!.replaceZone(registry(2, [gone]));
    const node = await open();
    expect(mabs(node)).toEqual(A.prefixes);
    await node.discover();
    expect(mabs(node)).toEqual(gone.prefixes);
  });

  test("a catalogue that DNS has not confirmed for too long is given up while it is in use, and is not used after a restart", async () => {
    await runOnce();
    await dns!.close();
    await confirmedAt(Date.now() - 3_600_000 + 3_000);
    const node = await open({ catalogueMaxAgeHours: 1 });
    expect(mabs(node)).toEqual(A.prefixes);
    await node.discover();
    await expect.poll(() => mabs(node)).toEqual([]);
    expect((await node.engine.host.why("192.0.2.7")).verdict).toContain("no catalogue yet");
    expect(mabs(await open({ catalogueMaxAgeHours: 1 }))).toEqual([]);
  });

  test("what was kept before there were trust anchors does not bind what they vouch for, and is not served", async () => {
    await runOnce();
    const key = makeKey(APEX);
    const signed = signZone(APEX, registry(0xffff_ffff, [B]), [key], { inception: 0, expiration: 0x7fff_ffff });
    const primary = await ScriptedPrimary.start(gives({ AXFR: [...signed, signed[0]!] }, 50));
    const registries = [{ apex: APEX, primaries: [{ address: `127.0.0.1:${primary.port}` }], trustAnchors: [dsText(key)] }];
    const node = await open({ registries });
    await node.discover();
    expect(mabs(node)).toEqual(B.prefixes);
    expect(node.discovery.status.serials).toEqual({ [APEX]: 0xffff_ffff });
    primary.stop();
    await nodes.pop()!.close();

    rmSync(join(directory, "state"), { recursive: true });
    await runOnce();
    const refused = await open({ registries });
    expect(mabs(refused)).toEqual([]);
    await refused.discover();
    expect(mabs(refused)).toEqual([]);
  });

  test("nothing is kept before DNS has been read", async () => {
    await dns!.close();
    const node = await open();
    await node.discover();
    await nodes.pop()!.close();
    expect(existsSync(join(directory, "state", "catalogue.drtm"))).toBe(false);
  });
});

describe("after a restart that finds other things than it left, without DNS", () => {
  test("no MAB is served that the registry may not speak for any more, not for a moment; the others are", async () => {
    await runOnce();
    await dns!.close();
    const node = await open({ registries: [{ apex: APEX, space: ["192.0.2.0/24"] }] });
    expect(mabs(node)).not.toContain("2001:db8::/32");
    await node.discover();
    expect(mabs(node)).toEqual(["192.0.2.0/24"]);
  });

  test("nothing is served of a registry that is configured no more", async () => {
    await runOnce();
    await dns!.close();
    const node = await open({ registries: [{ apex: "other.example" }] });
    expect(mabs(node)).toEqual([]);
    await node.discover();
    expect(mabs(node)).toEqual([]);
  });

  test("a registry beside another serves on, and is followed when its primary is back", async ({ onTestFinished }) => {
    await runOnce();
    await dns!.close();
    const port = await freePort();
    const node = await open({ registries: [{ apex: APEX, primaries: [{ address: `127.0.0.1:${port}` }] }, { apex: "other.example" }] });
    await node.discover();
    expect(mabs(node)).toEqual(A.prefixes);
    const records = registry(2, [{ services: [SERVICE], prefixes: ["203.0.113.0/24"] }]);
    const primary = await ScriptedPrimary.start(gives({ AXFR: [...records, records[0]!] }, 50), records[0], port);
    onTestFinished(() => { primary.stop(); });
    await expect.poll(() => mabs(node)).toEqual(["203.0.113.0/24"]);
  });

  test("no QSA is asked whose address is allowed no more", async () => {
    await runOnce();
    await dns!.close();
    const node = await open({ qsas: { allowLoopback: false } });
    expect((await node.status("qsr")).upstreams.known).toBe(0);
    await node.discover();
    expect(mabs(node)).toEqual(A.prefixes);
    expect((await node.status("qsr")).upstreams.known).toBe(0);
  });

  test("what discovery had read is enough where the catalogue made of it is damaged", async () => {
    await runOnce();
    await dns!.close();
    appendFileSync(join(directory, "state", "catalogue.drtm"), "x");
    const node = await open();
    await node.discover();
    expect(mabs(node)).toEqual(A.prefixes);
    expect(node.discovery.status.serials).toEqual({ [APEX]: 1 });
  });
});
