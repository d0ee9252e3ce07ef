import { getCompileCacheDir } from "node:module";
import { dirname } from "node:path";

/** The script of a thread, by its path in `src`. `from`: a module in a folder of that, or of the build, which keeps the path. */
export function workerScript(path: string, from: string): URL {
  return new URL(`../${path}${from.endsWith(".ts") ? ".ts" : ".js"}`, from);
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
