import { closeSync, fsyncSync, openSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";

/** Puts the name of a file on disk: until its directory is there, a machine that fails may lose it with all it holds. Throws the system's errors. */
export async function syncName(path: string): Promise<void> {
  const directory = await open(dirname(path), "r");
  await directory.sync().finally(() => directory.close());
}

/** The same at once, for what must not go on before it is done. */
export function syncNameNow(path: string): void {
  const directory = openSync(dirname(path), "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
