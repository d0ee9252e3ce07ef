import { getServers } from "node:dns";
import { parseIp } from "../address/index.ts";
import type { DnsEndpoint } from "./dns-exchange.ts";

/** The resolvers this machine is configured to use. */
export function systemResolvers(): DnsEndpoint[] {
  return getServers().flatMap((server) => {
    const [, bracketed, plain, port] = /^(?:\[([^\]%]+)(?:%[^\]]*)?\]|([^%]+?))(?::(\d+))?$/.exec(server.includes(".") || server.startsWith("[") ? server : `[${server}]`) ?? [];
    const host = bracketed ?? plain;
    return host === undefined ? [] : [{ address: parseIp(host), port: Number(port ?? 53) }];
  });
}
