import { formatEndpoint, sameIp } from "../address/index.ts";
import type { ServerEntry } from "../core/mabs/catalogue-content.ts";
import type { Qsr } from "../core/qsr.ts";
import type { Upstream } from "../core/querier/upstream.ts";

/** `lon1 (127.0.1.2:4344)`; without a name once DNS lists it no more. */
export function whoIs({ catalogue }: Qsr, upstream: Upstream): string {
  const endpoint = formatEndpoint(upstream.address, upstream.port);
  const server = entryOf(catalogue.services.flatMap(({ servers }) => servers), upstream);
  return server === undefined ? endpoint : `${server.name.split(".")[0]} (${endpoint})`;
}

/** What DNS says of an upstream. */
export function entryOf(servers: readonly ServerEntry[], { address, port }: Upstream): ServerEntry | undefined {
  return servers.find((server) => server.port === port && sameIp(server.address, address));
}
