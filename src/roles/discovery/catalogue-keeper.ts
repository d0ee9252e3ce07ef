import { mkdir } from "node:fs/promises";
import { type Catalogue, EMPTY_CATALOGUE } from "../../core/mabs/catalogue.ts";
import { writeCatalogue } from "../../io/catalogue-file.ts";
import { mailOf } from "../../io/catalogue-mail.ts";
import { writeDiscovery } from "../../io/discovery-file.ts";
import type { DiscoveryLoop } from "../../io/discovery-loop.ts";
import { type FileMark, markOf } from "../../io/sealed-file.ts";
import { statePath } from "../state-directory.ts";

export interface CatalogueKeeperOptions {
  readonly directory: string;
  /** What the configuration lets into catalogues. */
  readonly scope: string;
  readonly discovery: DiscoveryLoop;
  /** Told that a catalogue is on disk, and of its files' stamp. */
  readonly onKept: (catalogue: Catalogue, stamp: number) => void;
  /** Told after each writing what is wrong with the directory; undefined where nothing is. */
  readonly onTrouble: (trouble: string | undefined) => void;
}

/** A change of the catalogue is on disk after this long, with those that come in the meantime; */
const DELAY_MS = 2_000;
/** one that follows another, so long after that: all is written each time, which takes more than to learn of a change. */
const PAUSE_MS = 30_000;
/** That DNS has confirmed the catalogue is kept so often. */
const CONFIRMED_MS = 600_000;

/** Keeps on disk the last good catalogue, and what discovery had read when it made it. */
export class CatalogueKeeper {
  readonly #options: CatalogueKeeperOptions;
  readonly #confirming: NodeJS.Timeout;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #catalogue = EMPTY_CATALOGUE;
  /** What is being written. */
  #written = EMPTY_CATALOGUE;
  #writtenAt = -Infinity;
  #isDue = false;
  /** Of the catalogue's file as we have written it. */
  #mark: FileMark | undefined;

  constructor(options: CatalogueKeeperOptions) {
    this.#options = options;
    this.#confirming = setInterval(() => {
      this.#isDue = true;
      void this.#write();
    }, CONFIRMED_MS);
  }

  /** What is there already. */
  resume(catalogue: Catalogue): void {
    this.#catalogue = catalogue;
  }

  get inUse(): readonly Catalogue[] {
    return [this.#catalogue, this.#written];
  }

  /** There is another catalogue. */
  note(catalogue: Catalogue): void {
    this.#catalogue = catalogue;
    this.#isDue = true;
    const pauseLeft = this.#writtenAt + PAUSE_MS - performance.now();
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#write();
    }, Math.max(DELAY_MS, pauseLeft));
  }

  /** Writes what is due, and ends. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    clearInterval(this.#confirming);
    await this.#write();
  }

  /** One after the other: two writers of one file would spoil it. */
  #write(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#writeNow());
    return this.#writing;
  }

  async #writeNow(): Promise<void> {
    const { directory, scope, discovery, onKept, onTrouble } = this.#options;
    const catalogue = this.#catalogue;
    const { toKeep } = discovery;
    // What was never confirmed is no good catalogue, and nothing is better kept than something empty.
    if (!this.#isDue || toKeep.registries.length === 0 || catalogue === EMPTY_CATALOGUE) return;
    this.#isDue = false;
    this.#written = catalogue;
    this.#writtenAt = performance.now();
    const stamp = Date.now();
    const confirmedAt = Math.min(...toKeep.registries.map((registry) => registry.confirmedAt));
    const path = statePath(directory, "catalogue");
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const isShared = await this.#isOthers(path);
      this.#mark = await writeCatalogue(path, { mail: mailOf(catalogue, undefined)!, confirmedAt, scope, stamp });
      await writeDiscovery(statePath(directory, "discovery"), { ...toKeep, stamp });
      onKept(catalogue, stamp);
      onTrouble(isShared ? `something else writes to ${directory} too: give each QSR a state.directory of its own` : undefined);
    } catch (error) {
      this.#isDue = true;
      onTrouble(`the catalogue cannot be kept in ${directory}: ${(error as Error).message}; a restart will have an older one, or need DNS`);
    }
  }

  /** Whether another process has written the file since we have. */
  async #isOthers(path: string): Promise<boolean> {
    const found = this.#mark === undefined ? undefined : await markOf(path);
    return found !== undefined && (found.ino !== this.#mark!.ino || found.mtimeMs !== this.#mark!.mtimeMs);
  }
}
