import { formatEndpoint } from "../address/index.ts";
import type { QscConfig } from "../config/schema.ts";
import { DEFAULT_INTERVALS } from "../core/querier/prober.ts";
import { Qsc } from "../core/qsc.ts";
import { now } from "../io/clock.ts";
import { defaultControlSocket } from "../io/control-place.ts";
import { serveControl } from "../io/control-socket.ts";
import type { Logger } from "../io/log.ts";
import { nextU32 } from "../io/random.ts";
import { UdpDriver } from "../io/udp-driver.ts";
import { upstreamSockets } from "../io/upstream-sockets.ts";
import { cachingRoutes, routesOf } from "./control-routes.ts";
import { MAX_UPDATES } from "./limits.ts";
import type { Running } from "./running.ts";
import { statusOf } from "./status.ts";

/** Runs a caching query server in front of the servers that its configuration names. */
export async function runQsc(config: QscConfig, log: Logger): Promise<Running> {
  const { engine, driver } = await openQsc(config);
  const socket = config.control.socket ?? defaultControlSocket();
  try {
    const control = await serveControl(socket, routesOf("qsc", socket, cachingRoutes(engine, driver, () => statusOf("qsc", engine, driver, config.listen.length))));
    log.info(`QSC listens on ${endpoints(config.listen)}, asks ${endpoints(config.upstreams)}; control socket ${socket}`);
    return {
      close: async () => {
        await Promise.all([control.close(), driver.close()]);
      },
    };
  } catch (error) {
    await driver.close();
    throw error;
  }
}

async function openQsc(config: QscConfig): Promise<{ engine: Qsc; driver: UdpDriver }> {
  const { bindings, links } = await upstreamSockets(config.listen.length);
  const engine = new Qsc({
    limits: { ...config.cache, maxUpdates: MAX_UPDATES },
    clients: config.clients,
    nextU32,
    links,
    maxUpstreams: config.upstreams.length,
    keepFresh: config.upstreams.length,
    intervals: DEFAULT_INTERVALS,
    cachingMostMs: config.cache.cachingTimeMaxSeconds * 1000,
  });
  const driver = await UdpDriver.open(engine, [...config.listen, ...bindings]);
  engine.setUpstreams(now(), config.upstreams.map(({ address, port }) => ({ name: formatEndpoint(address, port), address, port, tier: 1, region: "", weight: 1 })));
  driver.wake();
  return { engine, driver };
}

function endpoints(list: QscConfig["listen"]): string {
  return list.map(({ address, port }) => formatEndpoint(address, port)).join(", ");
}
