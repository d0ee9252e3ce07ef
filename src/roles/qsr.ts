import type { QsrConfig } from "../config/schema.ts";
import type { Logger } from "../io/log.ts";
import { QsrNode } from "./qsr-node.ts";
import type { Running } from "./running.ts";
import { startEngine } from "./threads.ts";

/** Runs a resolving query server: sockets, discovery, control. */
export async function runQsr(config: QsrConfig, log: Logger, thread = startEngine("qsr")): Promise<Running> {
  // What people ask it by is loaded while it opens its sockets.
  const [node, { listensOn, serveRole }, { qsrRoutes }] = await Promise.all([QsrNode.open(config, log, thread), import("./serve-role.ts"), import("./control-routes.ts")]);
  const running = await serveRole("qsr", config.control.socket, { "GET /status": () => node.status("qsr"), ...qsrRoutes(node.engine.host) }, node.engine.failed, () => node.close());
  log.info(`QSR listens on ${listensOn(config.listen)}; control socket ${running.socket}`);
  void node.discover();
  return running;
}
