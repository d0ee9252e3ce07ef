import { join } from "node:path";

/** What a QSR keeps on disk: the last good catalogue, what discovery had read when it made it, and how far QSAs are. */
export type StateFile = "catalogue" | "discovery" | "ranking";

export function statePath(directory: string, file: StateFile): string {
  return join(directory, `${file}.drtm`);
}

/** What `read` finds there; undefined when there is none, or when it cannot be used: `warn` is told why. */
export function readState<T>(directory: string, file: StateFile, read: (path: string) => T | undefined, warn: (problem: string) => void): T | undefined {
  try {
    return read(statePath(directory, file));
  } catch (error) {
    warn((error as Error).message);
    return undefined;
  }
}
