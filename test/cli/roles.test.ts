import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseIp } from "../../src/address/index.ts";
import { RecordType, encodeSoa } from "../../src/dns/records/index.ts";
import { DnsServer } from "../../src/io/dns-server.ts";
import type { StatusReport } from "../../src/roles/reports.ts";
import { Drtm, drtm, freePort } from "../support/process.ts";
import { registry, svcb } from "../support/registry.ts";

const SERVICE = "s1.dsoc-a.example.";

let directory: string;
let running: Drtm[];
let servers: DnsServer[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "drtm-test-"));
  running = [];
  servers = [];
});

afterEach(async () => {
  for (const process of running) await process.stop();
  for (const server of servers) await server.close();
  rmSync(directory, { recursive: true });
});

function socketOf(role: string): string {
  return join(directory, `${role}.sock`);
}

async function run(role: "qsr" | "qsa", config: string, says: string): Promise<Drtm> {
  const file = join(directory, `${role}.yaml`);
  writeFileSync(file, `role: ${role}\ncontrol: { socket: ${socketOf(role)} }\n${config}`);
  const process = new Drtm([role, "--config", file]);
  running.push(process);
  await process.says(says);
  return process;
}

function runQsa(port: number): Promise<Drtm> {
  writeFileSync(join(directory, "mapping.txt"), "mab 192.0.2.0/24 lineage 1 position 1\n192.0.2.0-192.0.2.99 203.0.113.1\n");
  return run("qsa", `listen: ["127.0.0.1:${port}"]\nmapping: [mapping.txt]\n`, "QSA for 1 MABs with 1 micronets listens on");
}

function runQsr(port: number, dns: number, says: string, more = ""): Promise<Drtm> {
  const config = `${more}listen: ["127.0.0.1:${port}"]\ndns:\n  servers: ["127.0.0.1:${dns}"]\n  queryDeadlineSeconds: 1\n  registries: [{ apex: drtm.example }]\nqsas: { allowLoopback: true }\n`;
  return run("qsr", config, says);
}

async function serveDns(qsaPort: number): Promise<number> {
  const soa = { mname: "ns.dsoc-a.example.", rname: "h.dsoc-a.example.", serial: 1, refresh: 60, retry: 60, expire: 3600, minimum: 60 };
  const dsoc = [
    { name: "dsoc-a.example.", type: RecordType.SOA, ttl: 60, data: encodeSoa(soa) },
    svcb(SERVICE, { target: "here1.dsoc-a.example.", port: qsaPort, ipv4hint: [parseIp("127.0.0.1")] }),
    { name: `_drtm.${SERVICE}`, type: RecordType.SVCB, ttl: 60, data: Uint8Array.of(0, 10, 1) },
  ];
  const server = new DnsServer([registry(1, [{ services: [SERVICE], prefixes: ["192.0.2.0/24"] }]), dsoc]);
  servers.push(server);
  return server.listen("127.0.0.1", 0);
}

async function ask(port: number, address: string): Promise<Record<string, unknown>> {
  const { stdout } = await drtm("query", address, "--server", `127.0.0.1:${port}`, "--json");
  return JSON.parse(stdout) as Record<string, unknown>;
}

function mapSet(range: string): ReturnType<typeof drtm> {
  return drtm("ctl", "map", "set", range, "--etr", "203.0.113.9", "--socket", socketOf("qsa"));
}

describe("drtm qsr and drtm qsa, as processes with configuration files", () => {
  test("find each other by DNS; a malformed record is told once and spoils nothing else; changes come through", async () => {
    const [qsaPort, qsrPort] = [await freePort(), await freePort()];
    await runQsa(qsaPort);
    const qsr = await runQsr(qsrPort, await serveDns(qsaPort), "catalogue: 1 MABs, 1 services, 1 QSAs");
    await qsr.says("in DNS: _drtm.s1.dsoc-a.example. SVCB: ");
    expect(await ask(qsrPort, "192.0.2.7")).toMatchObject({ etr: "203.0.113.1", qsa: `127.0.0.1:${qsaPort}` });
    expect(await mapSet("192.0.2.0-192.0.2.99")).toMatchObject({ status: 0 });
    await expect.poll(() => ask(qsrPort, "192.0.2.7")).toMatchObject({ etr: "203.0.113.9" });
    const status = await drtm("ctl", "status", "--json", "--socket", socketOf("qsr"));
    expect((JSON.parse(status.stdout) as StatusReport).catalogue).toMatchObject({ mabs: 1, problems: [expect.stringContaining("SVCB") as string] });
    expect(qsr.stderr.match(/in DNS: _drtm\.s1/g)).toHaveLength(1);
  });

  test("a QSA that is restarted serves again, with what it was told before", async () => {
    const [qsaPort, qsrPort] = [await freePort(), await freePort()];
    const qsa = await runQsa(qsaPort);
    const qsr = await runQsr(qsrPort, await serveDns(qsaPort), "catalogue: 1 MABs, 1 services, 1 QSAs");
    await mapSet("192.0.2.0-192.0.2.99");
    await expect.poll(() => ask(qsrPort, "192.0.2.7")).toMatchObject({ etr: "203.0.113.9" });
    expect(await qsa.stop()).toMatchObject({ status: 0 });
    await expect.poll(() => ask(qsrPort, "192.0.2.200"), { timeout: 15_000 }).toMatchObject({ result: "error", error: "no QSA answered" });
    const here = `QSA here1 (127.0.0.1:${qsaPort})`;
    await qsr.says(`${here} is down`);
    await qsr.says(`no QSA of ${SERVICE} answers`);
    await runQsa(qsaPort);
    await qsr.says(`${here} is up again`);
    await qsr.says(`${SERVICE}: QSAs answer again`);
    await expect.poll(() => ask(qsrPort, "192.0.2.7"), { timeout: 15_000 }).toMatchObject({ etr: "203.0.113.9" });
  });

  test("without DNS a QSR runs, says why it knows nothing, and finds everything once DNS is there", async () => {
    const [dnsPort, qsrPort] = [await freePort(), await freePort()];
    const qsr = await runQsr(qsrPort, dnsPort, "discovery of drtm.example. failed");
    expect(qsr.stderr).toContain(`no answer for drtm.example. SOA (127.0.0.1:${dnsPort}: `);
    expect(await ask(qsrPort, "192.0.2.7")).toMatchObject({ result: "error", error: "no QSA is known for this address" });
    const said = await Promise.all([drtm("ctl", "qsas", "--socket", socketOf("qsr")), drtm("ctl", "status", "--socket", socketOf("qsr"))]);
    expect(said[0].stdout).toContain("no QSA is known: discovery has found none yet");
    expect(said[1].stdout).toContain("0 QSAs; never confirmed");
    expect(await qsr.stop()).toMatchObject({ status: 0 });
  });

  test("a QSR with two engine threads is one server, and no second process gets its port", async () => {
    const [qsaPort, qsrPort] = [await freePort(), await freePort()];
    await runQsa(qsaPort);
    const qsr = await runQsr(qsrPort, await serveDns(qsaPort), "catalogue: 1 MABs, 1 services, 1 QSAs", "engineThreads: 2\n");
    expect(qsr.stderr).toContain(", in 2 engine threads");
    expect(await ask(qsrPort, "192.0.2.7")).toMatchObject({ etr: "203.0.113.1", qsa: `127.0.0.1:${qsaPort}` });
    expect((await drtm("ctl", "status", "--socket", socketOf("qsr"))).stdout).toMatch(/^threads +2, with \d+ %, \d+ % of the datagrams received$/m);
    const why = await drtm("ctl", "why", "192.0.2.7", "--socket", socketOf("qsr"));
    expect(why.stdout).toMatch(/^ {2}thread 1: .*\n {2}thread 2: /m);
    expect(why.stdout).toMatch(/^cached by thread [12]: 192.0.2.0-192.0.2.99 to 203.0.113.1/m);
    expect((await drtm("ctl", "flush", "all", "--socket", socketOf("qsr"))).stdout).toBe("1 entry flushed\n");
    const second = await drtm("qsr", "--config", join(directory, "qsr.yaml"));
    expect(second).toMatchObject({ status: 2, stderr: expect.stringContaining(`drtm: cannot listen on 127.0.0.1:${qsrPort}/udp: another process has this port`) as string });
    expect(await qsr.stop()).toMatchObject({ status: 0 });
  });

  test("a role that does not offer an action says which does", async () => {
    await runQsa(await freePort());
    await runQsr(await freePort(), await freePort(), "listens on");
    const change = await drtm("ctl", "map", "set", "192.0.2.7", "--etr", "203.0.113.9", "--socket", socketOf("qsr"));
    expect(change.stderr).toBe(`drtm: this is a QSR (control socket ${socketOf("qsr")}): "map set" and "map unset" work on a QSA or "drtm up"; name its socket with --socket\n`);
    const why = await drtm("ctl", "why", "192.0.2.7", "--socket", socketOf("qsa"));
    expect(why).toMatchObject({ status: 2, stderr: expect.stringContaining('this is a QSA') as string });
    expect(why.stderr).toContain('"why" works on a QSR or "drtm up"');
  });

  test("a share that is no number, such as an empty one, is refused, not taken for 0", async () => {
    await runQsa(await freePort());
    for (const share of ["", "0x10"]) {
      expect(await drtm("ctl", "share", share, "--socket", socketOf("qsa"))).toMatchObject({ status: 2, stdout: "", stderr: "drtm: share is per cent: 0 to 100\n" });
    }
  });

  test("a change that cannot be kept on disk is no wrong usage: status 1; one outside all MABs is: status 2", async () => {
    await runQsa(await freePort());
    expect(await mapSet("192.0.2.7")).toMatchObject({ status: 0 });
    rmSync(join(directory, "mapping.txt.changes"));
    expect(await mapSet("192.0.2.8")).toMatchObject({ status: 1, stdout: "", stderr: expect.stringContaining("the change was not made, since it cannot be kept in") as string });
    expect(await mapSet("198.51.100.8")).toMatchObject({ status: 2, stderr: "drtm: 198.51.100.8 is in no MAB of this server\n" });
  });

  test("a port in use ends it with one line that says so", async () => {
    const port = await freePort();
    await runQsa(port);
    const file = join(directory, "other.yaml");
    writeFileSync(file, `role: qsa\nlisten: ["127.0.0.1:${port}"]\nmapping: [mapping.txt]\n`);
    const { status, stderr } = await drtm("qsa", "--config", file);
    expect({ status, stderr }).toEqual({ status: 2, stderr: `drtm: cannot listen on 127.0.0.1:${port}/udp: another process has this port; stop it, or choose another port\n` });
  });

  test("a broken mapping file ends it with file and line", async () => {
    const file = join(directory, "broken.yaml");
    writeFileSync(join(directory, "broken.txt"), "mab 192.0.2.0/24 lineage 1 position 1\n192.0.2.0-192.0.3.99 203.0.113.1\n");
    writeFileSync(file, "role: qsa\nmapping: [broken.txt]\n");
    const { status, stderr } = await drtm("qsa", "--config", file);
    expect(status).toBe(2);
    expect(stderr).toContain("broken.txt:2: ");
  });
});
