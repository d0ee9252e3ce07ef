import type { QscConfig } from "../config/schema.ts";
import type { Logger } from "../io/log.ts";
import { cachingRoutes } from "./control-routes.ts";
import { EngineThread, type Engines } from "./engine/engine-thread.ts";
import type { Running } from "./running.ts";
import { listensOn, serveRole } from "./serve-role.ts";
import { statusOf } from "./status.ts";
import { startEngine } from "./threads.ts";

/** Runs a caching query server in front of the servers that its configuration names. */
export async function runQsc(config: QscConfig, log: Logger, thread = startEngine("qsc")): Promise<Running> {
  // What joins several is not loaded for one.
  const engine: Engines<"qsc"> = config.engineThreads === 1 ? new EngineThread("qsc", thread) : new (await import("./engine/engine-group.ts")).EngineGroup("qsc", thread, config.engineThreads);
  const { means } = await engine.open({ config });
  log.info(`datagrams come and go ${means}`);
  const offered = { "GET /status": async () => statusOf("qsc", await engine.host.status()), ...cachingRoutes(engine.host) };
  const running = await serveRole("qsc", config.control.socket, offered, engine.failed, () => engine.close());
  log.info(`QSC listens on ${listensOn(config.listen)}, asks ${listensOn(config.upstreams)}; control socket ${running.socket}`);
  return running;
}
