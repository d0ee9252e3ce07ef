import { getCompileCacheDir } from "node:module";
import { dirname } from "node:path";

/** The script of a thread: beside the module that starts it, and of the same kind, source or built. */
export function workerScript(name: string, from: string): URL {
  return new URL(`${name}${from.endsWith(".ts") ? ".ts" : ".js"}`, from);
}

/** Where this process keeps compiled code; below it is a directory for each version of Node. */
export function compileCache(): string | undefined {
  const directory = getCompileCacheDir();
  return directory === undefined ? undefined : dirname(directory);
}
