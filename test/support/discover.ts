import { parseIp, parsePrefix } from "../../src/address/index.ts";
import type { Catalogue } from "../../src/core/mabs/catalogue.ts";
import type { Problem } from "../../src/dns/discovery/types.ts";
import { DiscoveryLoop, type DiscoveryOptions } from "../../src/io/discovery-loop.ts";
import { DnsClient } from "../../src/io/dns-client.ts";

export const LIMITS = { refreshMinSeconds: 0.05, refreshMaxSeconds: 0.1, serviceTtlMinSeconds: 60, serviceTtlMaxSeconds: 3600 };

/** A discovery loop on one loopback name server, and what it has said. */
export function discoveryOn(port: number, options: Partial<DiscoveryOptions> & { apex?: string } = {}) {
  const catalogues: Catalogue[] = [];
  const problems: string[][] = [];
  const failures: string[] = [];
  const dns = new DnsClient({ servers: [{ address: parseIp("127.0.0.1"), port }], deadlineMs: 1_000, firstTimeoutMs: 250 });
  const loop = new DiscoveryLoop({
    registries: [{ apex: options.apex ?? "drtm.example.", space: [parsePrefix("0.0.0.0/0"), parsePrefix("::/0")] }],
    limits: LIMITS,
    addresses: { allowLoopback: true, allowPrivate: false },
    dns,
    onCatalogue: (catalogue) => catalogues.push(catalogue),
    onProblems: (now) => problems.push(now.map(({ name, problem }) => `${name}: ${problem}`)),
    onFailure: (what, error) => failures.push(`${what}: ${error.message}`),
    ...options,
  });
  return { loop, dns, catalogues, problems, failures };
}

/** Reads everything once from a name server. */
export async function discoverOnce(port: number): Promise<{ catalogue: Catalogue; problems: readonly Problem[]; failures: readonly string[] }> {
  const { loop, catalogues, failures } = discoveryOn(port);
  await loop.start();
  await loop.close();
  const catalogue = catalogues.at(-1);
  if (catalogue === undefined) throw new Error(`nothing was found: ${failures.join("; ")}`);
  return { catalogue, problems: loop.status.problems, failures };
}
