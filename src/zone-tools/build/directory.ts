import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { madeFrom } from "./drafts.ts";
import type { ReadPrevious, ZonePlan } from "./plan.ts";

/** A zone file that cannot be written. */
export class WriteError extends Error {
  override readonly name = "WriteError";
  readonly code = "DRTM_WRITE";
}

/** Characters that hold the comments a zone file begins with. */
const HEADING = 1_000;

export function previousIn(directory: string): ReadPrevious {
  return (fileName) => {
    const path = join(directory, fileName);
    return existsSync(path) ? readFileSync(path, "utf8") : undefined;
  };
}

/** Zone files that were made from this description, and of which it knows nothing any more. Nobody else's files are among them. */
export function leftIn(directory: string, plans: readonly ZonePlan[], source: string): string[] {
  if (!existsSync(directory)) return [];
  const planned = new Set(plans.map(({ fileName }) => fileName));
  const others = readdirSync(directory).filter((file) => file.endsWith(".zone") && !planned.has(file));
  return others.toSorted().map((file) => join(directory, file)).filter((path) => readFileSync(path, "utf8").slice(0, HEADING).includes(madeFrom(source)));
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
    mkdirSync(dirname(path), { recursive: true });
    writeDurably(temporary, text);
    renameSync(temporary, path);
    // The name is on disk only when its directory is.
    syncDirectory(dirname(path));
  } catch (error) {
    rmSync(temporary, { force: true });
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

function syncDirectory(path: string): void {
  const directory = openSync(path, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
