import { type IpAddress, parseIp } from "../address/index.ts";
import type { UpstreamLinks } from "../core/querier/upstream-table.ts";
import type { Binding } from "./udp-driver.ts";

/**
 * Sockets to ask upstreams from, one for each address family that this machine has, to be opened after `listeners` others;
 * and what an engine must know of them. Their ports are free ones, which nobody can guess. `canBind`: as the driver binds that will open them.
 */
export async function upstreamSockets(listeners: number, canBind: (binding: Binding) => Promise<boolean>): Promise<{ readonly bindings: readonly Binding[]; readonly links: UpstreamLinks }> {
  const ipv4 = anyPort("0.0.0.0");
  const ipv6 = anyPort("::");
  const hasIpv6 = await canBind(ipv6);
  return { bindings: hasIpv6 ? [ipv4, ipv6] : [ipv4], links: { 4: listeners, 6: hasIpv6 ? listeners + 1 : undefined } };
}

function anyPort(text: string): Binding {
  const address: IpAddress = parseIp(text);
  return { address, port: 0 };
}
