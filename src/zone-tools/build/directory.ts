import { closeSync, existsSync, fsyncSync, openSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileProblem, readTextFile } from "../../config/text-file.ts";
import { syncNameNow } from "../../io/directory-sync.ts";
import { makeDirectory } from "../../io/make-directory.ts";
import { madeFrom } from "./drafts.ts";
import type { ReadPrevious, ZonePlan } from "./plan.ts";

/** A zone file that cannot be written. */
export class WriteError extends Error {
  override readonly name = "WriteError";
  readonly code = "DRTM_WRITE";
}

/** Characters that hold the comments a zone file begins with. */
const HEADING = 1_000;

/** What was built last, as far as it is there. Throws ConfigError where it cannot be read. */
export function previousIn(directory: string): ReadPrevious {
  return (fileName) => {
    const path = join(directory, fileName);
    return existsSync(path) ? readTextFile(path) : undefined;
  };
}

/** Zone files that were made from this description, and of which it knows nothing any more. Nobody else's files are among them. */
export function leftIn(directory: string, plans: readonly ZonePlan[], source: string): string[] {
  if (!existsSync(directory)) return [];
  const planned = new Set(plans.map(({ fileName }) => fileName));
  const others = readdirSync(directory).filter((file) => file.endsWith(".zone") && !planned.has(file)).toSorted().map((file) => join(directory, file));
  return others.filter((path) => fileProblem(path) === undefined && readFileSync(path, "latin1").slice(0, HEADING).includes(madeFrom(source)));
}

/** Writes what differs, each file in one step: a name server that loads it meanwhile gets the old one or the new one. Throws WriteError. */
export function writeZones(directory: string, plans: readonly ZonePlan[]): void {
  for (const { fileName, state, text } of plans) {
    if (state !== "unchanged") writeWhole(join(directory, fileName), text);
  }
}

/** Throws WriteError. */
export function writeWhole(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.new`;
  try {
    makeDirectory(dirname(path));
    writeDurably(temporary, text);
    renameSync(temporary, path);
    // The name is on disk only when its directory is.
    syncNameNow(path);
  } catch (error) {
    // Also where its directory could not be made.
    if (existsSync(temporary)) rmSync(temporary);
    throw new WriteError(`${path} cannot be written: ${(error as Error).message}; the file that was there is as it was`, { cause: error });
  }
}

/** On disk before it takes the old one's place. */
function writeDurably(path: string, text: string): void {
  const file = openSync(path, "w", 0o644);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
