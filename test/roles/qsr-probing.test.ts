import { expect, test } from "vitest";
import { parseIp, parsePrefix } from "../../src/address/index.ts";
import { qsrSchema } from "../../src/config/schema.ts";
import { Catalogue } from "../../src/core/mabs/catalogue.ts";
import { now } from "../../src/io/clock.ts";
import { makeLog } from "../../src/io/log.ts";
import { mailOf } from "../../src/io/catalogue-mail.ts";
import { QsrNode } from "../../src/roles/qsr-node.ts";
import { freePort } from "../support/process.ts";

const log = makeLog({ level: "fatal" as "error", format: "json" });

test("a QSR sends no more probes in a second than its configuration says", async () => {
  const [port, dnsPort, qsaPort] = [await freePort(), await freePort(), await freePort()];
  const dns = { servers: [`127.0.0.1:${dnsPort}`], registries: [{ apex: "drtm.example" }] };
  const config = qsrSchema.parse({ role: "qsr", listen: [`127.0.0.1:${port}`], dns, qsas: { allowLoopback: true, maxProbesPerSecond: 10 } });
  const node = await QsrNode.open(config, log);
  try {
    const servers = Array.from({ length: 200 }, (_, site) => ({ name: `qsa${site}.dsoc.example.`, address: parseIp(`127.1.0.${site + 1}`), port: qsaPort, tier: 10, region: "", weight: 100 }));
    const mabs = [{ prefix: parsePrefix("192.0.2.0/24"), services: [0], set: "s" }];
    const begin = now();
    await node.engine.host.useCatalogue(mailOf(Catalogue.of({ mabs, services: [{ name: "s1.dsoc.example.", servers }] }), undefined));
    const sent = async (): Promise<number> => (await node.status("qsr")).counters["probesSent"]!;
    await expect.poll(sent).toBeGreaterThan(5);
    const probesSent = await sent();
    // A machine that stands still meanwhile makes it fewer, in more seconds.
    expect(probesSent).toBeLessThanOrEqual(10 * Math.ceil((now() - begin) / 1_000_000));
  } finally {
    await node.close();
  }
});
