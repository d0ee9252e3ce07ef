/**
 * A QSR's engine with so many micronets, in a process of its own: `MICRONETS`. Filled to the last row; asked then to go on filling, to flush
 * a tenth that came from one server, and to let a tenth expire. Reports how long a single call into it took at most each time.
 */
import { parsePrefix } from "../src/address/index.ts";
import { milliseconds } from "../src/core/clock.ts";
import { Transmit } from "../src/core/engine.ts";
import { DEFAULT_INTERVALS } from "../src/core/querier/prober.ts";
import { Qsr } from "../src/core/qsr.ts";
import { nextU32 } from "../src/io/random.ts";
import { MappingBody, ResultCode } from "../src/wire/index.ts";
import { serveParent } from "./child.ts";
import { threadClock } from "./thread-clock.ts";

/** The longest call, and all calls, in milliseconds of this thread's CPU time. */
export interface Pauses {
  readonly most: number;
  readonly all: number;
  readonly calls: number;
}

const QUERIERS = 64;
const HOUR_MS = 3_600_000;
const SOON_MS = 600_000;
/** An odd number: its multiples by 0 to 2^32 - 1 are all different. */
const SPREAD = 0x9e3779b1;
/** Microseconds between answers. */
const GAP = 10;
const [FLUSHED, EXPIRING, OTHER] = [1, 2, 3];

const micronets = Number(process.argv[2]);
const tenth = micronets / 10;
const clients = { allow: [parsePrefix("127.0.0.0/8")], maxQueriesPerSecond: 1, maxQueriesPerSecondPerNetwork: 1, maxWaiting: 1 };
const engine = new Qsr({
  limits: { maxEntries: micronets, maxPromises: micronets, maxUpdates: 1 << 13, maxPeers: 1 << 12 },
  clients,
  nextU32,
  links: { 4: 0, 6: undefined },
  maxUpstreams: 16,
  keepFresh: 1,
  intervals: DEFAULT_INTERVALS,
  cachingMostMs: HOUR_MS,
  gapCachingMs: SOON_MS,
});
const { cache, promises, peers } = engine.server;
const body = Object.assign(new MappingBody(), { family: 4, etrFamily: 4, prefixLength: 16, versionLineage: 1, positionLineage: 1 });
const out = new Transmit();
const clock = threadClock();
const queriers = Array.from({ length: QUERIERS }, (_, querier) => peers.intern(0, 4, querier + 1, 0, 0, 0, 1));
/** Microseconds. */
let now = 1;
let filed = 0;

const filling = measure(micronets, () => {
  file();
});
serveParent({ filling }, answer);

function answer(what: "evict" | "flush" | "expire"): Pauses {
  switch (what) {
    case "evict":
      return measure(tenth, () => {
        file();
      });
    case "flush":
      return flush();
    case "expire":
      return expire();
  }
}

/** Files an answer, which half of the time is a promise to a querier too, and does what is due. */
function file(): void {
  const index = filed++;
  now += GAP;
  if (engine.pollTimeout() <= now) engine.handleTimeout(now);
  body.firstHi = Math.imul(index, SPREAD) >>> 0;
  body.lastHi = body.firstHi;
  body.etr0 = index;
  body.versionLo = index;
  body.positionLo = index;
  const upstream = index % 10 === 0 ? FLUSHED : index % 10 === 1 ? EXPIRING : OTHER;
  const cachingMs = upstream === EXPIRING ? SOON_MS : HOUR_MS;
  const entry = cache.file(now, ResultCode.mapping, body, upstream, cachingMs);
  // When all have been used since the last time, none is found to make room.
  if (entry >= 0 && (index >>> 4) % 2 === 0) promises.ledger.note(entry, queriers[index % QUERIERS]!, index, index, milliseconds(now) + cachingMs);
}

function flush(): Pauses {
  const others = cache.entries.size - cache.entries.chains.count(FLUSHED);
  return untilLeft(others, () => {
    cache.flushUpstream(now, FLUSHED);
  });
}

function expire(): Pauses {
  const others = cache.entries.size - cache.entries.chains.count(EXPIRING);
  now += (SOON_MS + 1) * 1000;
  return untilLeft(others, () => undefined);
}

/** Begins something, and lets the engine's time pass until so many entries are left. */
function untilLeft(entries: number, begin: () => void): Pauses {
  const first = measure(1, begin);
  const pauses = [first];
  while (cache.entries.size > entries) {
    now = Math.max(now + 1, engine.pollTimeout());
    pauses.push(
      measure(1, () => {
        engine.handleTimeout(now);
      }),
    );
    while (engine.pollTransmit(out));
  }
  return { most: Math.max(...pauses.map(({ most }) => most)), all: pauses.reduce((sum, { all }) => sum + all, 0), calls: pauses.length };
}

function measure(calls: number, call: () => void): Pauses {
  let most = 0;
  const start = clock();
  for (let before = start, made = 0; made < calls; made++) {
    call();
    const after = clock();
    most = Math.max(most, after - before);
    before = after;
  }
  return { most, all: clock() - start, calls };
}
