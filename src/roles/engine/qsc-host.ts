import { formatEndpoint } from "../../address/index.ts";
import type { QscConfig } from "../../config/schema.ts";
import { DEFAULT_INTERVALS } from "../../core/querier/prober.ts";
import { Qsc } from "../../core/qsc.ts";
import { hugeMemory } from "../../io/batch/huge-memory.ts";
import { loadNative } from "../../io/batch/native.ts";
import { now } from "../../io/clock.ts";
import { canBind, openDriver } from "../../io/driver.ts";
import { nextU32 } from "../../io/random.ts";
import { upstreamSockets } from "../../io/upstream-sockets.ts";
import { MAX_UPDATES } from "../limits.ts";
import type { Member } from "./member.ts";
import { QuerierHost } from "./querier-host.ts";

export interface QscSettings {
  readonly config: QscConfig;
  /** Undefined for one that is alone in its process. */
  readonly member?: Member;
}

/** A QSC in its thread. */
export class QscHost extends QuerierHost<Qsc> {
  /** Throws ListenError, and DriverError. */
  static async open({ config, member }: QscSettings): Promise<QscHost> {
    // What one that is alone has no use for is not loaded.
    const { options, listen } = member === undefined ? { options: {}, listen: config.listen } : (await import("./member.ts")).joined(member, config.listen, DEFAULT_INTERVALS.pacing);
    const { bindings, links } = await upstreamSockets(config.listen.length, canBind);
    const engine = new Qsc({
      limits: { ...config.cache, maxUpdates: MAX_UPDATES },
      clients: config.clients,
      maxFetches: config.cache.maxFetches,
      nextU32,
      memory: hugeMemory(loadNative(), config.cache),
      links,
      maxUpstreams: config.upstreams.length,
      keepFresh: config.upstreams.length,
      intervals: DEFAULT_INTERVALS,
      cachingMostMs: config.cache.cachingTimeMaxSeconds * 1000,
      ...options,
    });
    engine.setUpstreams(now(), config.upstreams.map(({ address, port }) => ({ name: formatEndpoint(address, port), address, port, tier: 1, region: "", weight: 1 })));
    return new QscHost(engine, await openDriver(config.driver, engine, [...listen, ...bindings]), config.listen.length);
  }
}
