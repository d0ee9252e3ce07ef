import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, openSync, readFileSync, truncateSync, writeSync } from "node:fs";
import { type NumberedChange, formatChange, parseChange } from "../core/mapping/change-line.ts";
import type { MappingStore } from "../core/mapping/mapping-store.ts";

/** Changes that cannot be kept, or read again. The message names the file and what to do. */
export class ChangeLogError extends Error {
  override readonly name = "ChangeLogError";
  readonly code = "DRTM_CHANGE_LOG";
}

/**
 * Keeps the changes made to a QSA's mapping since its files were written, so that it comes back from a restart with all it
 * has told its queriers: they take nothing older (docs/protocol.md section 7.6). One line a change, on disk before it is made.
 */
export class ChangeLog {
  readonly #path: string;
  #file: number | undefined;
  /** The file's octets before a change that could not be kept, while something of that may be in it. */
  #octetsBefore: number | undefined;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Applies what a log holds to a store that has been read from its files; a missing log is an empty one. Throws ChangeLogError. */
  static open(path: string, store: MappingStore): ChangeLog {
    const text = readIfThere(path);
    const whole = text.lastIndexOf("\n") + 1;
    // Without its line's end the last change was being written when the machine failed: it has not been made.
    if (whole < text.length) truncateSync(path, Buffer.byteLength(text.slice(0, whole)));
    for (const [index, line] of text.slice(0, whole).split("\n").entries()) {
      if (line.trim() !== "") replay(store, line, `${path}:${index + 1}`);
    }
    return new ChangeLog(path);
  }

  /** Puts a change on disk. Throws ChangeLogError: it must not be made then, nor by the next start. */
  append(change: NumberedChange): void {
    try {
      this.#file ??= openSync(this.#path, "a", 0o600);
      this.#takeBack(this.#file);
      this.#write(this.#file, Buffer.from(`${formatChange(change)}\n`));
    } catch (error) {
      if (this.#file !== undefined) this.#tryToTakeBack(this.#file);
      throw new ChangeLogError(`the change was not made, since it cannot be kept in ${this.#path}: ${(error as Error).message}; name a file that can be written with "changes"`, { cause: error });
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #write(file: number, line: Buffer): void {
    this.#octetsBefore = fstatSync(file).size;
    if (writeSync(file, line) < line.length) throw new Error("there is no room for all of it");
    fdatasyncSync(file);
    this.#octetsBefore = undefined;
  }

  /** Takes out what a change that could not be kept has left. */
  #takeBack(file: number): void {
    if (this.#octetsBefore === undefined) return;
    ftruncateSync(file, this.#octetsBefore);
    fdatasyncSync(file);
    this.#octetsBefore = undefined;
  }

  #tryToTakeBack(file: number): void {
    try {
      this.#takeBack(file);
    } catch {
      // Then no other change is kept before that is possible.
    }
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw new ChangeLogError(`cannot read the changes kept in ${path}: ${(error as Error).message}`, { cause: error });
  }
}

function replay(store: MappingStore, line: string, where: string): void {
  try {
    store.replay(parseChange(line));
  } catch (error) {
    throw new ChangeLogError(`${where}: ${(error as Error).message}`, { cause: error });
  }
}
