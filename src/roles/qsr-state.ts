import { mkdir } from "node:fs/promises";
import type { KnownRtts } from "../core/querier/known-rtts.ts";
import { type KeptCatalogue, readCatalogue } from "../io/catalogue-file.ts";
import type { Logger } from "../io/log.ts";
import { readSealed, writeSealed } from "../io/sealed-file.ts";
import { type StateFile, readState, statePath } from "./state-directory.ts";

const RANKING = "ranking 2";
/** Distances change slowly. */
const RANKING_MS = 60_000;

/**
 * What a QSR needs to serve at once after a restart, DNS or no DNS, as it is read; and the distances of QSAs, which are kept here.
 * The catalogue is kept by discovery. Never mapping.
 */
export class QsrState {
  readonly #directory: string;
  readonly #log: Logger;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #ranking: (() => Promise<readonly KnownRtts[]>) | undefined;

  constructor(directory: string, log: Logger) {
    this.#directory = directory;
    this.#log = log;
  }

  /** The last good catalogue; undefined when there is none of this scope, or when DNS has not confirmed it for too long. */
  readCatalogue(scope: string, maxAgeSeconds: number): KeptCatalogue | undefined {
    const kept = this.#read("catalogue", readCatalogue);
    if (kept === undefined) return undefined;
    if (kept.scope !== scope) {
      this.#log.info(`the catalogue kept in ${this.#directory} was made under another configuration (registries, their space, what vouches for them, or addresses of QSAs): it is made anew of what was read then`);
      return undefined;
    }
    if (Date.now() - kept.confirmedAt < maxAgeSeconds * 1000) return kept;
    this.#log.warn(`the catalogue kept in ${this.#directory} was confirmed last on ${new Date(kept.confirmedAt).toISOString()}: too long ago to be used`);
    return undefined;
  }

  /** How far QSAs were. */
  readRanking(): KnownRtts | undefined {
    const [rows] = this.#read("ranking", (path) => readSealed(path, RANKING))?.parts ?? [];
    return rows === undefined ? undefined : new Float64Array(rows.buffer, rows.byteOffset, rows.byteLength / Float64Array.BYTES_PER_ELEMENT);
  }

  /** Keeps, from now on, how far QSAs are, as `ranking` has it, in parts. */
  follow(ranking: () => Promise<readonly KnownRtts[]>): void {
    this.#ranking = ranking;
    this.#timer = setInterval(() => void this.#write(), RANKING_MS);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#write();
  }

  #read<T>(file: StateFile, read: (path: string) => T | undefined): T | undefined {
    return readState(this.#directory, file, read, (problem) => { this.#log.warn(problem); });
  }

  /** One after the other: two writers of one file would spoil it. */
  #write(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#writeNow());
    return this.#writing;
  }

  async #writeNow(): Promise<void> {
    if (this.#ranking === undefined) return;
    try {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      await writeSealed(statePath(this.#directory, "ranking"), RANKING, { header: null, parts: [Buffer.concat((await this.#ranking()).map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength)))] });
    } catch (error) {
      this.#log.error(`how far QSAs are cannot be kept in ${this.#directory}: ${(error as Error).message}; after a restart all must be measured`);
    }
  }
}
