import { REFETCH_STEP_MS } from "./cache/mapping-cache.ts";
import { CachingServer, type CachingServerOptions } from "./caching-server.ts";
import type { ServerEntry } from "./mabs/catalogue-content.ts";
import { FixedDirectory } from "./querier/directory.ts";

/** A caching query server: a QSR without discovery, that asks the servers it is told to (QSRs, other QSCs, or QSAs of its site). */
export class Qsc extends CachingServer<FixedDirectory> {
  constructor(options: CachingServerOptions) {
    super(options, 2 * REFETCH_STEP_MS, (upstreams) => new FixedDirectory(upstreams));
  }

  setUpstreams(now: number, servers: readonly ServerEntry[]): void {
    this.adopt(now, [{ name: "upstreams", servers }]);
  }
}
