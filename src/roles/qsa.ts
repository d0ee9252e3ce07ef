import { formatEndpoint } from "../address/index.ts";
import type { QsaConfig } from "../config/schema.ts";
import { ChangeLog } from "../io/change-log.ts";
import { now } from "../io/clock.ts";
import { defaultControlSocket } from "../io/control-place.ts";
import { serveControl } from "../io/control-socket.ts";
import type { Logger } from "../io/log.ts";
import { mapRoutes, routesOf, shareRoutes } from "./control-routes.ts";
import { QsaNode, readStore } from "./qsa-node.ts";
import type { StatusReport } from "./reports.ts";
import type { Running } from "./running.ts";
import { statusOf } from "./status.ts";

/** Runs an authoritative query server on mapping files (paths already resolved). */
export async function runQsa(config: QsaConfig, log: Logger): Promise<Running> {
  const store = readStore(config.mapping);
  const changes = ChangeLog.open(config.changes ?? `${config.mapping[0]}.changes`, store);
  const node = await QsaNode.open(config, store, config.listen);
  const socket = config.control.socket ?? defaultControlSocket();
  try {
    const offered = {
      "GET /status": (): StatusReport => ({
        ...statusOf("qsa", node.engine, node.driver, config.listen.length),
        mapping: { mabs: store.mabs.length, micronets: store.micronets },
      }),
      ...shareRoutes(node.engine),
      ...mapRoutes((range, etr) => {
        changes.append(store.plan(range, etr));
        const report = store.change(range, etr);
        node.engine.noteChange(now(), report);
        node.driver.wake();
        return { report, qsas: [node.driver.endpoint(0)], down: [] };
      }),
    };
    const control = await serveControl(socket, routesOf("qsa", socket, offered));
    const endpoints = config.listen.map(({ address, port }) => formatEndpoint(address, port)).join(", ");
    log.info(`QSA for ${store.mabs.length} MABs with ${store.micronets} micronets listens on ${endpoints}; control socket ${socket}`);
    if (changes.obstacle !== undefined) log.warn(changes.obstacle);
    return {
      close: async () => {
        await Promise.all([control.close(), node.close()]);
        changes.close();
      },
    };
  } catch (error) {
    await node.close();
    throw error;
  }
}
