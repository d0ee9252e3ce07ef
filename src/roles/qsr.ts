import type { QsrConfig } from "../config/schema.ts";
import type { Logger } from "../io/log.ts";
import { qsrRoutes } from "./control-routes.ts";
import { listensOn, serveRole } from "./serve-role.ts";
import { QsrNode } from "./qsr-node.ts";
import type { Running } from "./running.ts";
import { startEngine } from "./threads.ts";

/** Runs a resolving query server: sockets, discovery, control. */
export async function runQsr(config: QsrConfig, log: Logger, thread = startEngine("qsr")): Promise<Running> {
  const node = await QsrNode.open(config, log, thread);
  const running = await serveRole("qsr", config.control.socket, { "GET /status": () => node.status("qsr"), ...qsrRoutes(node.engine.host) }, node.engine.failed, () => node.close());
  log.info(`QSR listens on ${listensOn(config.listen)}; control socket ${running.socket}`);
  void node.discover();
  return running;
}
