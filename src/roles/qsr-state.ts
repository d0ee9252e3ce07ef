import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { formatEndpoint } from "../address/index.ts";
import { type Catalogue, EMPTY_CATALOGUE } from "../core/mabs/catalogue.ts";
import type { KnownRtt, UpstreamTable } from "../core/querier/upstream-table.ts";
import { type KeptCatalogue, readCatalogue, writeCatalogue } from "../io/catalogue-file.ts";
import { readDiscovery, writeDiscovery } from "../io/discovery-file.ts";
import type { DiscoveryLoop, Recalled } from "../io/discovery-loop.ts";
import type { Logger } from "../io/log.ts";
import { readSealed, writeSealed } from "../io/sealed-file.ts";

const RANKING = "ranking 1";
/** A change of the catalogue is on disk after this long, with those that come in the meantime. */
const CATALOGUE_DELAY_MS = 2_000;
/** Distances change slowly. */
const RANKING_MS = 60_000;
/** That DNS has confirmed the catalogue is kept so often. */
const CONFIRMED_MS = 600_000;

/** Keeps on disk what a QSR needs to serve at once after a restart, DNS or no DNS: never mapping. */
export class QsrState {
  readonly #directory: string;
  readonly #log: Logger;
  readonly #timers: NodeJS.Timeout[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #source: { readonly discovery: DiscoveryLoop; readonly upstreams: UpstreamTable } | undefined;
  #catalogue = EMPTY_CATALOGUE;
  #isCatalogueDue = false;
  #kept: KeptCatalogue | undefined;

  constructor(directory: string, log: Logger) {
    this.#directory = directory;
    this.#log = log;
  }

  /** The last good catalogue; undefined when there is none, or when DNS has not confirmed it for too long. */
  readCatalogue(maxAgeSeconds: number): Catalogue | undefined {
    const kept = this.#read("catalogue", readCatalogue);
    if (kept === undefined) return undefined;
    if (Date.now() - kept.confirmedAt < maxAgeSeconds * 1000) {
      this.#catalogue = kept.catalogue;
      this.#kept = kept;
      return kept.catalogue;
    }
    this.#log.warn(`the catalogue kept in ${this.#directory} was confirmed last on ${new Date(kept.confirmedAt).toISOString()}: too long ago to be used`);
    return undefined;
  }

  /** The catalogue that `readCatalogue` gave, and what discovery had read when it was made. */
  recall(): Recalled | undefined {
    if (this.#kept === undefined) return undefined;
    const { catalogue, confirmedAt, stamp } = this.#kept;
    const discovery = this.#read("discovery", readDiscovery);
    return { catalogue, confirmedAt, discovery: discovery?.stamp === stamp ? discovery : undefined };
  }

  /** How far QSAs were, by endpoint. */
  readRanking(): ReadonlyMap<string, KnownRtt> {
    const sealed = this.#read("ranking", (path) => readSealed(path, RANKING));
    return new Map((sealed?.header as readonly [string, KnownRtt][] | undefined) ?? []);
  }

  /** Keeps what these know from now on. */
  follow(discovery: DiscoveryLoop, upstreams: UpstreamTable): void {
    this.#source = { discovery, upstreams };
    const confirm = (): void => {
      this.#isCatalogueDue = true;
    };
    this.#timers.push(setInterval(confirm, CONFIRMED_MS), setInterval(() => void this.#write(), RANKING_MS));
  }

  /** There is another catalogue. */
  note(catalogue: Catalogue): void {
    this.#catalogue = catalogue;
    this.#isCatalogueDue = true;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#write();
    }, CATALOGUE_DELAY_MS);
  }

  /** Writes what is due, and ends. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    for (const timer of this.#timers) clearInterval(timer);
    await this.#write();
  }

  #read<T>(name: string, read: (path: string) => T | undefined): T | undefined {
    try {
      return read(this.#path(name));
    } catch (error) {
      this.#log.warn((error as Error).message);
      return undefined;
    }
  }

  /** One after the other: two writers of one file would spoil it. */
  #write(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#writeNow());
    return this.#writing;
  }

  async #writeNow(): Promise<void> {
    if (this.#source === undefined) return;
    const { discovery, upstreams } = this.#source;
    try {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      const kept = discovery.toKeep;
      // What was never confirmed is no good catalogue, and nothing is better kept than something empty.
      if (this.#isCatalogueDue && kept.registries.length > 0 && this.#catalogue !== EMPTY_CATALOGUE) {
        this.#isCatalogueDue = false;
        const stamp = Date.now();
        await writeCatalogue(this.#path("catalogue"), { catalogue: this.#catalogue, confirmedAt: discovery.status.confirmedAt, stamp });
        await writeDiscovery(this.#path("discovery"), { ...kept, stamp });
      }
      await writeSealed(this.#path("ranking"), RANKING, { header: rankingOf(upstreams), parts: [] });
    } catch (error) {
      this.#log.error(`the catalogue cannot be kept in ${this.#directory}: ${(error as Error).message}; a restart will need DNS`);
    }
  }

  #path(name: string): string {
    return join(this.#directory, `${name}.drtm`);
  }
}

function rankingOf(upstreams: UpstreamTable): [string, KnownRtt][] {
  return Array.from(upstreams.listed())
    .filter(({ measured }) => measured)
    .map(({ address, port, rtt: { smoothed, variation } }) => [formatEndpoint(address, port), { smoothed, variation }]);
}
