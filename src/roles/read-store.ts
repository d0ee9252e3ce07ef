import { readFileSync } from "node:fs";
import { formatPrefix } from "../address/index.ts";
import { type MappingFile, parseMappingFile } from "../core/mapping/mapping-file.ts";
import { MappingError } from "../core/mapping/mapping-error.ts";
import { MappingStore } from "../core/mapping/mapping-store.ts";

export { MappingError } from "../core/mapping/mapping-error.ts";
export { MappingFileError } from "../core/mapping/mapping-file.ts";

/** Reads mapping files into a store with at least one MAB. Throws MappingFileError, MappingError, or what the file system says. */
export function readStore(files: readonly string[]): MappingStore {
  const read = files.map((file) => parseMappingFile(readFileSync(file, "utf8"), file));
  try {
    return storeOf(read);
  } catch (error) {
    if (!(error instanceof MappingError)) throw error;
    throw new MappingError(`${files.join(", ")}: ${error.message}`, { cause: error });
  }
}

function storeOf(files: readonly MappingFile[]): MappingStore {
  const mabs = files.flatMap((file) => file.mabs);
  if (mabs.length === 0) throw new MappingError('no MAB, so nothing to answer for: write "mab PREFIX lineage 1 position 1", and its micronets');
  const own = new Set(mabs.map(({ prefix }) => formatPrefix(prefix)));
  // A MAB that one file calls elsewhere may be in another file of this server.
  const others = new Map(files.flatMap(({ elsewhere }) => elsewhere.map((prefix) => [formatPrefix(prefix), prefix] as const)));
  return new MappingStore(mabs, [...others].filter(([text]) => !own.has(text)).map(([, prefix]) => prefix));
}
