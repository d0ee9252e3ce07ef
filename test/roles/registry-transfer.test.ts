import { afterEach, describe, expect, test } from "vitest";
import { formatPrefix, parseIp } from "../../src/address/index.ts";
import { qsrSchema } from "../../src/config/schema.ts";
import { Flag, Opcode, encodeMessage } from "../../src/dns/message/index.ts";
import { RecordType, type ResourceRecord, encodeSoa } from "../../src/dns/records/index.ts";
import { DnsServer } from "../../src/io/dns-server.ts";
import { makeLog } from "../../src/io/log.ts";
import { udpSend } from "../support/udp-send.ts";
import { QsrNode } from "../../src/roles/qsr-node.ts";
import { type Script, ScriptedPrimary, gives } from "../support/hostile-primary.ts";
import { freePort } from "../support/process.ts";
import { APEX, type SetDraft, registry, svcb } from "../support/registry.ts";

const SERVICE = "s1.dsoc-a.example.";
const log = makeLog({ level: "fatal" as "error", format: "json" });
const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** A zone as a transfer has it: the SOA at both ends. */
function transfer(serial: number, ...prefixes: string[]): ResourceRecord[] {
  const records = zone(serial, ...prefixes);
  return [...records, records[0]!];
}

function zone(serial: number, ...prefixes: string[]): ResourceRecord[] {
  const drafts: SetDraft[] = prefixes.length === 0 ? [] : [{ services: [SERVICE], prefixes }];
  return registry(serial, drafts);
}

function dsocZone(): ResourceRecord[] {
  const soa = { mname: "ns.dsoc-a.example.", rname: "hostmaster.dsoc-a.example.", serial: 1, refresh: 60, retry: 60, expire: 3600, minimum: 60 };
  const data = encodeSoa(soa);
  return [{ name: "dsoc-a.example.", type: RecordType.SOA, ttl: 60, data }, svcb(SERVICE, { target: "qsa1.dsoc-a.example.", ipv4hint: [parseIp("127.0.1.1")] })];
}

async function start(script: Script, more: { readonly walked?: readonly ResourceRecord[]; readonly trustAnchors?: readonly string[]; readonly secret?: string; readonly refreshMinSeconds?: number } = {}) {
  const primary = await ScriptedPrimary.start((asked, socket) => current(asked, socket));
  let current = script;
  const dns = new DnsServer([...(more.walked === undefined ? [] : [more.walked]), dsocZone()]);
  const dnsPort = await dns.listen("127.0.0.1", 0);
  const notifyPort = await freePort();
  const config = qsrSchema.parse({
    role: "qsr",
    listen: [`127.0.0.1:${await freePort()}`],
    qsas: { allowLoopback: true },
    dns: {
      servers: [`127.0.0.1:${dnsPort}`],
      registries: [{ apex: APEX, primaries: [{ address: `127.0.0.1:${primary.port}`, ...(more.secret === undefined ? {} : { key: "k" }) }], trustAnchors: more.trustAnchors ?? [] }],
      keys: more.secret === undefined ? [] : [{ name: "k", secret: more.secret }],
      notify: { listen: [`127.0.0.1:${notifyPort}`] },
      refreshMinSeconds: more.refreshMinSeconds ?? 3_600,
      queryDeadlineSeconds: 1,
    },
  });
  const node = await QsrNode.open(config, log);
  ends.push(() => dns.close(), () => node.close());
  ends.push(() => Promise.resolve(primary.stop()));
  await node.discover();
  const mabs = (): string[] => Array.from(node.catalogue.mabs(), ({ prefix }) => formatPrefix(prefix));
  const notify = (): Promise<void> => udpSend(notifyPort, encodeMessage({ id: 7, flags: Flag.authoritative, opcode: Opcode.NOTIFY, question: { name: APEX, type: RecordType.SOA }, answers: [] }));
  return {
    node,
    mabs,
    notify,
    giveNow: (next: Script) => {
      current = next;
    },
  };
}

describe("a registry with primaries", () => {
  test("is transferred, and followed at a NOTIFY; a MAB that is gone in a transfer is gone at once", async () => {
    const { node, mabs, notify, giveNow } = await start(gives({ AXFR: transfer(1, "192.0.2.0/24", "198.51.100.0/24") }));
    expect(mabs()).toEqual(["192.0.2.0/24", "198.51.100.0/24"]);
    expect(node.discovery.status.sources[APEX]).toMatch(/^zone transfer from 127\.0\.0\.1:/);
    giveNow(gives({ IXFR: transfer(2, "192.0.2.0/24", "203.0.113.0/24") }));
    await notify();
    await expect.poll(mabs, { timeout: 5_000 }).toEqual(["192.0.2.0/24", "203.0.113.0/24"]);
    expect(node.discovery.status.serials).toEqual({ [APEX]: 2 });
  });

  test("that refuses transfers is read by query walk, and that is said", async () => {
    const { node, mabs } = await start(gives({}), { walked: zone(5, "192.0.2.0/24") });
    expect(mabs()).toEqual(["192.0.2.0/24"]);
    expect(node.discovery.status.sources[APEX]).toBe("query walk");
  });

  test("that must sign is not read by queries when they do not, for anybody could answer these; the status says why", async () => {
    const { node, mabs } = await start(gives({ AXFR: transfer(1, "192.0.2.0/24") }), { walked: zone(1000, "192.0.2.0/24"), secret: Buffer.alloc(32, 7).toString("base64") });
    expect(mabs()).toEqual([]);
    expect(node.discovery.status.problems).toEqual([{ name: APEX, problem: expect.stringMatching(/no primary has given it: .*TSIG/) }]);
  });

  test("with trust anchors gives nothing that is not signed, by no way; the status says why", async () => {
    const trustAnchors = ["60485 13 2 D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A"];
    const { node, mabs } = await start(gives({ AXFR: transfer(1, "192.0.2.0/24") }), { walked: zone(1, "192.0.2.0/24"), trustAnchors });
    expect(mabs()).toEqual([]);
    expect(node.discovery.status.problems.map(({ problem }) => problem).join()).toMatch(/is refused: .*DNSKEY/);
  });

  test("of which a transfer breaks off stays as it was, and the status says why", async () => {
    const { node, mabs, notify, giveNow } = await start(gives({ AXFR: transfer(1, "192.0.2.0/24") }), { walked: zone(1, "192.0.2.0/24") });
    const half = gives({ IXFR: zone(2, "203.0.113.0/24") });
    giveNow((asked, socket) => {
      half(asked, socket);
      socket.end();
    });
    await notify();
    await expect.poll(() => node.discovery.status.sources[APEX], { timeout: 15_000 }).toBe("query walk");
    expect(mabs()).toEqual(["192.0.2.0/24"]);
  });
});
