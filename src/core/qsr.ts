import { REFETCH_STEP_MS } from "./cache/mapping-cache.ts";
import { CachingServer, type CachingServerOptions } from "./caching-server.ts";
import { type Catalogue, EMPTY_CATALOGUE } from "./mabs/catalogue.ts";
import { CatalogueDirectory } from "./querier/directory.ts";

export interface QsrOptions extends CachingServerOptions {
  /** How long queriers may cache that an address is in no MAB; milliseconds. */
  readonly gapCachingMs: number;
}

/** A resolving query server: knows all MABs and their QSAs, measures these, and answers from cache or from the best. */
export class Qsr extends CachingServer<CatalogueDirectory> {
  constructor(options: QsrOptions) {
    super(options, 3 * REFETCH_STEP_MS, (upstreams) => new CatalogueDirectory(EMPTY_CATALOGUE, upstreams, options.gapCachingMs));
  }

  get catalogue(): Catalogue {
    return this.directory.catalogue;
  }

  /** Goes over to another catalogue: answers by it from now on. Services that are new in it are met when they are needed, and by and by. */
  setCatalogue(now: number, catalogue: Catalogue): void {
    const before = this.catalogue;
    this.directory.adopt(catalogue);
    if (catalogue.services === before.services) this.revalidate(now, catalogue.changedSince(before));
    else this.adopt(now, catalogue.services);
  }
}
