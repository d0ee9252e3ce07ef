import { type IpAddress, formatEndpoint, sameIp } from "../address/index.ts";
import type { Catalogue } from "../core/mabs/catalogue.ts";

/** `lon1 (127.0.1.2:4344)`; without a name once DNS lists it no more. */
export function whoIs({ services }: Catalogue, { address, port }: { readonly address: IpAddress; readonly port: number }): string {
  const endpoint = formatEndpoint(address, port);
  for (const { servers } of services) {
    const server = servers.find((candidate) => candidate.port === port && sameIp(candidate.address, address));
    if (server !== undefined) return qsaText(server.name, endpoint);
  }
  return endpoint;
}

/** `name`: absolute. */
export function qsaText(name: string, endpoint: string): string {
  return `${name.split(".")[0]} (${endpoint})`;
}
