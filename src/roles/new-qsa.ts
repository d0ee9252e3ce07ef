import type { QsaConfig } from "../config/schema.ts";
import type { MappingStore } from "../core/mapping/mapping-store.ts";
import { Qsa } from "../core/qsa.ts";
import type { TableMemory } from "../core/tables/table-memory.ts";
import { nextU32 } from "../io/random.ts";
import { MAX_UPDATES } from "./limits.ts";

export type QsaOptions = Pick<QsaConfig, "cachingTimeSeconds" | "negativeCachingTimeSeconds" | "clients" | "cache">;

/** A QSA's engine, as configured. */
export function newQsa({ cachingTimeSeconds, negativeCachingTimeSeconds, clients, cache }: QsaOptions, store: MappingStore, memory?: TableMemory): Qsa {
  const limits = { ...cache, maxUpdates: MAX_UPDATES };
  return new Qsa({ limits, clients, nextU32, ...(memory === undefined ? {} : { memory }), cachingMs: cachingTimeSeconds * 1000, negativeCachingMs: negativeCachingTimeSeconds * 1000 }, store);
}
