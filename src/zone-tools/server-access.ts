import { formatEndpoint } from "../address/index.ts";
import { DnsClient } from "../io/dns-client.ts";
import type { Primary } from "../io/zone-transfer.ts";
import type { DemandingQuery } from "../dns/discovery/types.ts";

/** A name server or resolver, and how its zones are read. */
export interface ServerAccess {
  readonly server: Primary;
  /** "either": by transfer where the server allows it, otherwise by queries. */
  readonly by: "transfer" | "queries" | "either";
}

export function sourceOf({ server }: ServerAccess): string {
  return `${formatEndpoint(server.address, server.port)}${server.tls === undefined ? "" : " over TLS"}`;
}

/** Questions to this server, without TSIG and TLS: the DNS client has neither. */
export function queriesTo({ address, port }: Primary): DemandingQuery {
  const dns = new DnsClient({ servers: [{ address, port }] });
  return (name, type, demand, signal) => dns.queryWith(name, type, demand, signal);
}
