import { formatEndpoint } from "../address/index.ts";
import type { Binding } from "../io/udp-driver.ts";
import { defaultControlSocket } from "../io/control-place.ts";
import { serveControl } from "../io/control-socket.ts";
import { type Routes, routesOf } from "./control-routes.ts";
import type { StatusReport } from "./reports.ts";
import type { Running } from "./running.ts";

/** Gives a role that is at work its control socket. Throws ControlError, with the role ended. */
export async function serveRole(
  role: StatusReport["role"],
  configured: string | undefined,
  offered: Routes,
  failed: Promise<Error>,
  close: () => Promise<unknown>,
): Promise<Running & { readonly socket: string }> {
  const socket = configured ?? defaultControlSocket();
  try {
    const control = await serveControl(socket, routesOf(role, socket, offered));
    return {
      socket,
      failed,
      close: async () => {
        await Promise.all([control.close(), close()]);
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

export function listensOn(bindings: readonly Binding[]): string {
  return bindings.map(({ address, port }) => formatEndpoint(address, port)).join(", ");
}
