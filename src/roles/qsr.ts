import { formatEndpoint } from "../address/index.ts";
import type { QsrConfig } from "../config/schema.ts";
import { defaultControlSocket } from "../io/control-place.ts";
import { serveControl } from "../io/control-socket.ts";
import type { Logger } from "../io/log.ts";
import { qsrRoutes, routesOf } from "./control-routes.ts";
import { QsrNode } from "./qsr-node.ts";
import { catalogueReport } from "./qsr-reports.ts";
import type { Running } from "./running.ts";
import { statusOf } from "./status.ts";

/** Runs a resolving query server: sockets, discovery, control. */
export async function runQsr(config: QsrConfig, log: Logger): Promise<Running> {
  const node = await QsrNode.open(config, log);
  const socket = config.control.socket ?? defaultControlSocket();
  try {
    const status = () => ({ ...statusOf("qsr", node.engine, node.driver, config.listen.length), catalogue: catalogueReport(node) });
    const control = await serveControl(socket, routesOf("qsr", socket, qsrRoutes(node, status)));
    log.info(`QSR listens on ${config.listen.map(({ address, port }) => formatEndpoint(address, port)).join(", ")}; control socket ${socket}`);
    void node.discover();
    return {
      close: async () => {
        await Promise.all([control.close(), node.close()]);
      },
    };
  } catch (error) {
    await node.close();
    throw error;
  }
}
