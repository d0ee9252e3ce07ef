import type { QsaConfig } from "../config/schema.ts";
import type { Logger } from "../io/log.ts";
import { mapRoutes, shareRoutes } from "./control-routes.ts";
import { EngineThread } from "./engine/engine-thread.ts";
import type { StatusReport } from "./reports.ts";
import type { Running } from "./running.ts";
import { listensOn, serveRole } from "./serve-role.ts";
import { statusOf } from "./status.ts";
import { startEngine } from "./threads.ts";

/** Runs an authoritative query server on mapping files (paths already resolved). */
export async function runQsa(config: QsaConfig, log: Logger, thread = startEngine("qsa")): Promise<Running> {
  const engine = new EngineThread("qsa", thread);
  const { means } = await engine.open(config);
  log.info(`datagrams come and go ${means}`);
  const offered = {
    "GET /status": async (): Promise<StatusReport> => ({ ...statusOf("qsa", await engine.host.status()), mapping: await engine.host.mapping() }),
    ...shareRoutes(engine.host),
    ...mapRoutes(async (range, etr) => ({ report: await engine.host.change(range, etr), qsas: (await engine.host.status()).listen.slice(0, 1), down: [] })),
  };
  const running = await serveRole("qsa", config.control.socket, offered, engine.failed, () => engine.close());
  const [{ mabs, micronets }, obstacle] = [await engine.host.mapping(), await engine.host.obstacle()];
  log.info(`QSA for ${mabs} MABs with ${micronets} micronets listens on ${listensOn(config.listen)}; control socket ${running.socket}`);
  if (obstacle !== undefined) log.warn(obstacle);
  return running;
}
