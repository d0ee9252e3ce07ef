import { accessSync, closeSync, constants, existsSync, fdatasyncSync, fstatSync, ftruncateSync, openSync, readFileSync, truncateSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { type NumberedChange, formatChange, parseChange } from "../core/mapping/change-line.ts";
import type { MappingStore } from "../core/mapping/mapping-store.ts";
import { syncNameNow } from "./directory-sync.ts";

/** Changes that cannot be kept, or read again. The message names the file and what to do. */
export class ChangeLogError extends Error {
  override readonly name = "ChangeLogError";
  readonly code = "DRTM_CHANGE_LOG";
}

const REMEDY = 'name a file that can be written, and that no other QSA has, with "changes"';

/**
 * Keeps the changes made to a QSA's mapping since its files were written, so that it comes back from a restart with all it
 * has told its queriers: they take nothing older (docs/protocol.md section 7.6). One line a change, on disk before it is made.
 */
export class ChangeLog {
  readonly #path: string;
  #file: number | undefined;
  #size: number;

  private constructor(path: string, size: number) {
    this.#path = path;
    this.#size = size;
  }

  /** Applies what a log holds to a store that has been read from its files; a missing log is an empty one. Throws ChangeLogError. */
  static open(path: string, store: MappingStore): ChangeLog {
    const { octets, whole } = ChangeLog.replay(path, store);
    // Without its line's end the last change was being written when the machine failed: it has not been made.
    if (whole < octets) truncateSync(path, whole);
    return new ChangeLog(path, whole);
  }

  /** The same without touching the log; gives its length, and that of its whole lines. Throws ChangeLogError. */
  static replay(path: string, store: MappingStore): { readonly octets: number; readonly whole: number } {
    const content = readIfThere(path);
    const whole = content.lastIndexOf("\n") + 1;
    for (const [index, line] of content.toString("utf8", 0, whole).split("\n").entries()) {
      if (line.trim() !== "") replay(store, line, `${path}:${index + 1}`);
    }
    return { octets: content.length, whole };
  }

  /** What would keep a change from being kept, as far as can be told before; undefined when nothing. */
  get obstacle(): string | undefined {
    const target = existsSync(this.#path) ? this.#path : dirname(this.#path);
    try {
      accessSync(target, constants.W_OK);
      return undefined;
    } catch (error) {
      return `changes of mapping will be refused, since they cannot be kept in ${this.#path}: ${(error as Error).message}; ${REMEDY}`;
    }
  }

  /** Puts a change on disk. Throws ChangeLogError: it must not be made then. */
  append(change: NumberedChange): void {
    try {
      this.#file ??= this.#openFile();
      requireOurs(this.#file, this.#size);
      this.#size = appendWhole(this.#file, this.#size, `${formatChange(change)}\n`);
    } catch (error) {
      throw new ChangeLogError(`the change was not made, since it cannot be kept in ${this.#path}: ${(error as Error).message}; ${REMEDY}`, { cause: error });
    }
  }

  /** A new file's name goes to disk before its first change is made; one with changes in it has been through that. */
  #openFile(): number {
    const file = openSync(this.#path, "a", 0o600);
    try {
      if (this.#size === 0) syncNameNow(this.#path);
      return file;
    } catch (error) {
      closeSync(file);
      throw error;
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

/** Two QSAs with one log would give different changes the same number, and the next start would take the first ones only. */
function requireOurs(file: number, expected: number): void {
  const { size, nlink } = fstatSync(file);
  if (nlink === 0) throw new Error("it has been removed while this QSA runs (restart the QSA)");
  if (size !== expected) throw new Error("something else has written to it (another QSA with the same file?)");
}

/** All of it or nothing: a full disk takes a part, and half a line would spoil the next one. Gives the new size. */
function appendWhole(file: number, size: number, text: string): number {
  const octets = Buffer.from(text);
  try {
    for (let done = 0; done < octets.length; ) done += writeSync(file, octets, done);
    fdatasyncSync(file);
  } catch (error) {
    ftruncateSync(file, size);
    throw error;
  }
  return size + octets.length;
}

function readIfThere(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return Buffer.alloc(0);
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
