import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a directory, and those that it is in. Not by the `recursive` of mkdirSync, which tries for ever where a file system
 * says of a new name that it does not exist, as /proc does. Throws the system's errors.
 */
export function makeDirectory(path: string, mode = 0o777): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (isDirectory(path)) return;
    const isParentMissing = (error as NodeJS.ErrnoException).code === "ENOENT" && !existsSync(dirname(path));
    if (!isParentMissing) throw error;
    makeDirectory(dirname(path), mode);
    makeDirectory(path, mode);
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
