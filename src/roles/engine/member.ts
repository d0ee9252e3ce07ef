import { createHmac, randomBytes } from "node:crypto";
import type { QscConfig, QsrConfig } from "../../config/schema.ts";
import { Pace } from "../../core/querier/pace.ts";
import type { CachingServerOptions } from "../../core/caching-server.ts";
import type { Secret } from "../../core/server/cookies.ts";
import { now } from "../../io/clock.ts";
import { nextU32 } from "../../io/random.ts";
import type { Binding } from "../../io/udp-driver.ts";

/** One of several engine threads of a process, which are one server to everybody outside. */
export interface Member {
  /** From 0. */
  readonly place: number;
  /** The epoch of all. */
  readonly epoch: readonly [hi: number, lo: number];
  /** From when on their first cookie secret is used: the clock is the same in all threads. */
  readonly since: number;
  /** What their cookie secrets are made from. */
  readonly key: Uint8Array;
  /** Of their pace of probes, in memory that they share. */
  readonly due: Float64Array;
}

export interface Joined {
  readonly options: Pick<CachingServerOptions, "identity" | "pace">;
  readonly listen: readonly Binding[];
}

export function newMembers(count: number): Member[] {
  const shared = { epoch: [nextU32(), nextU32()], since: now(), key: randomBytes(32), due: new Float64Array(new SharedArrayBuffer(8)).fill(-Infinity) } as const;
  return Array.from({ length: count }, (_, place) => ({ place, ...shared }));
}

/** What its engine has in common with the others, and the sockets that queriers speak to: on the same ports. `spacing`: between probes, microseconds. */
export function joined({ place, epoch: [epochHi, epochLo], since, key, due }: Member, listen: readonly Binding[], spacing: number): Joined {
  const sharing = place === 0 ? "first" : "further";
  return {
    options: { identity: { epochHi, epochLo, since, secret: (life) => secretOf(key, life) }, pace: new Pace(spacing, due) },
    listen: listen.map(({ address, port }) => ({ address, port, sharing })),
  };
}

function secretOf(key: Uint8Array, life: number): Secret {
  const digest = createHmac("sha256", key).update(String(life)).digest();
  return [digest.readUInt32BE(0), digest.readUInt32BE(4), digest.readUInt32BE(8), digest.readUInt32BE(12)];
}

/** What one of so many threads may have of what the configuration allows to all. Each knows all of the upstreams, but its own queriers only. */
export function partOf<C extends QsrConfig | QscConfig>(config: C, count: number): C {
  const { cache, clients } = config;
  const upstreams = config.role === "qsr" ? config.qsas.max : config.upstreams.length;
  const part = (whole: number): number => Math.ceil(whole / count);
  return {
    ...config,
    cache: {
      ...cache,
      maxEntries: part(cache.maxEntries),
      maxPromises: part(cache.maxPromises),
      maxFetches: part(cache.maxFetches),
      maxPeers: Math.min(cache.maxPeers, part(cache.maxPeers) + upstreams),
    },
    clients: { ...clients, maxQueriesPerSecondPerNetwork: part(clients.maxQueriesPerSecondPerNetwork) },
  };
}
