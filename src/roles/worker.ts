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

/**
 * What a thread is given in place of its own environment: where this process keeps compiled code. Otherwise its first file, which is
 * read before it could say so itself, has its types stripped again, and loads what does that.
 */
export function workerEnvironment(): NodeJS.ProcessEnv {
  const directory = compileCache();
  return directory === undefined ? { ...process.env } : { ...process.env, NODE_COMPILE_CACHE: directory };
}
