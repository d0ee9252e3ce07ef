/**
 * A QSR's engine with so many micronets, in a process of its own: `MICRONETS`. Filled to the last row; asked then to go on filling, to flush
 * a tenth that came from one server, to let a tenth expire, and to go over to a catalogue that has a tenth of the MABs no more, to one that
 * has thousands of QSAs, and to one in which some of their services differ. Reports how long single calls into it took each time; and, asked
 * for as many milliseconds, how long a loop is held up that does nothing.
 */
import { parsePrefix } from "../src/address/index.ts";
import { milliseconds } from "../src/core/clock.ts";
import { Transmit } from "../src/core/engine.ts";
import type { ServerEntry, ServiceEntry } from "../src/core/mabs/catalogue-content.ts";
import { Catalogue } from "../src/core/mabs/catalogue.ts";
import { DEFAULT_INTERVALS } from "../src/core/querier/prober.ts";
import { Qsr } from "../src/core/qsr.ts";
import { hugeMemory } from "../src/io/batch/huge-memory.ts";
import { loadNative } from "../src/io/batch/native.ts";
import { mailOf, openMailUnread } from "../src/io/catalogue-mail.ts";
import { nextU32 } from "../src/io/random.ts";
import { MappingBody, ResultCode } from "../src/wire/index.ts";
import { serveParent } from "./child.ts";
import { LONG_MS, type Pauses, type Question } from "./pauses.ts";
import { threadClock } from "./thread-clock.ts";

const QUERIERS = 64;
const HOUR_MS = 3_600_000;
const SOON_MS = 600_000;
/** An odd number: its multiples by 0 to 2^32 - 1 are all different. */
const SPREAD = 0x9e3779b1;
/** Microseconds between answers. */
const GAP = 10;
const [FLUSHED, EXPIRING, OTHER] = [1, 2, 3];
/** What takes some milliseconds. */
const SLICE_CALLS = 1_000;
/** All MABs are as long; every tenth goes. */
const MAB_BITS = 16;
/** Services of a large world, its QSAs, and how many services differ after a while. */
const SERVICES = 300;
const QSAS = 4_000;
const DIFFERING = 10;
const SERVICE = serviceOf("s.example.", [FLUSHED, EXPIRING, OTHER]);

const micronets = Number(process.argv[2]);
const tenth = micronets / 10;
const clients = { allow: [parsePrefix("127.0.0.0/8")], maxQueriesPerSecond: 1, maxQueriesPerSecondPerNetwork: 1, maxWaiting: 1 };
const engine = new Qsr({
  limits: { maxEntries: micronets, maxPromises: micronets, maxUpdates: 1 << 13, maxPeers: 1 << 13 },
  clients,
  nextU32,
  memory: hugeMemory(loadNative(), { preallocate: true }),
  links: { 4: 0, 6: undefined },
  maxUpstreams: 1 << 12,
  keepFresh: 1,
  intervals: DEFAULT_INTERVALS,
  cachingMostMs: HOUR_MS,
  gapCachingMs: SOON_MS,
});
const { cache, promises, peers } = engine.server;
const body = Object.assign(new MappingBody(), { family: 4, etrFamily: 4, prefixLength: MAB_BITS, versionLineage: 1, positionLineage: 1 });
const out = new Transmit();
const clock = threadClock();
const queriers = Array.from({ length: QUERIERS }, (_, querier) => peers.intern(0, 4, querier + 1, 0, 0, 0, 1));
/** Microseconds. */
let now = 1;
let filed = 0;

const filling = nothingYet();
for (let calls = 0; calls < micronets; calls++) {
  // As an engine's thread does between slices; another one takes the memory meanwhile.
  if (calls % SLICE_CALLS === 0) await new Promise((done) => { setImmediate(done); });
  measure(filling, file);
}
serveParent({ filling }, answer);

function answer(question: Question): Pauses {
  if (typeof question !== "string") return idle(question.idleMs);
  switch (question) {
    case "evict":
      return evict();
    case "flush":
      return flush();
    case "expire":
      return expire();
    case "swap":
      return swap();
    case "meet":
      return goOver(largeWorld());
    case "renew":
      return goOver(largeWorld().map((service, place) => (place < DIFFERING ? withoutFirst(service) : service)));
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

function evict(): Pauses {
  const pauses = nothingYet();
  for (let calls = 0; calls < tenth; calls++) measure(pauses, file);
  return pauses;
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

function swap(): Pauses {
  const whole = catalogueOf(() => true);
  const less = catalogueOf((mab) => mab % 10 !== 0);
  engine.setCatalogue(now, whole);
  letPass(now + SOON_MS * 1000);
  let others = 0;
  for (let entry = 0; entry < cache.entries.highWater; entry++) if (cache.entries.isTaken(entry) && (cache.entries.firstHi(entry) >>> MAB_BITS) % 10 !== 0) others++;
  return untilLeft(others, () => {
    engine.setCatalogue(now, less);
  });
}

/** Goes over to a catalogue with these services besides, as it comes from another thread. */
function goOver(services: readonly ServiceEntry[]): Pauses {
  const mail = mailOf(catalogueOf((mab) => mab % 10 !== 0, services), engine.catalogue);
  const pauses = nothingYet();
  measure(pauses, () => {
    engine.setCatalogue(now, openMailUnread(mail, engine.catalogue));
  });
  while (!engine.querier.upstreams.hasMetAll) {
    now = Math.max(now + 1, engine.pollTimeout());
    measure(pauses, wake);
    while (engine.pollTransmit(out));
  }
  return pauses;
}

function largeWorld(): ServiceEntry[] {
  const qsas = Array.from({ length: QSAS }, (_, number) => OTHER + 1 + number);
  return Array.from({ length: SERVICES }, (_, place) => serviceOf(`s${place}.example.`, qsas.filter((number) => number % SERVICES === place)));
}

function serviceOf(name: string, numbers: readonly number[]): ServiceEntry {
  const servers = numbers.map((number): ServerEntry => ({ name: `qsa${number}.${name}`, address: { family: 4, words: [number, 0, 0, 0] }, port: 2, tier: 1, weight: 1, region: "" }));
  return { name, servers };
}

function withoutFirst({ name, servers }: ServiceEntry): ServiceEntry {
  return { name, servers: servers.slice(1) };
}

/** All of IPv4 in MABs, less some; answered for by the servers that entries came from. */
function catalogueOf(has: (mab: number) => boolean, besides: readonly ServiceEntry[] = []): Catalogue {
  const mabs = Array.from({ length: 1 << MAB_BITS }, (_, mab) => mab).filter(has);
  return Catalogue.of({ mabs: mabs.map((mab) => ({ prefix: { family: 4, hi: (mab << MAB_BITS) >>> 0, lo: 0, length: MAB_BITS }, services: [0], set: "s" })), services: [SERVICE, ...besides] });
}

/** Begins something, and lets the engine's time pass until so many entries are left. */
function untilLeft(entries: number, begin: () => void): Pauses {
  const pauses = nothingYet();
  measure(pauses, begin);
  while (cache.entries.size > entries) {
    now = Math.max(now + 1, engine.pollTimeout());
    measure(pauses, wake);
    while (engine.pollTransmit(out));
  }
  return pauses;
}

function letPass(until: number): void {
  for (; now < until; now = Math.max(now + 1, engine.pollTimeout())) {
    wake();
    while (engine.pollTransmit(out));
  }
}

function wake(): void {
  engine.handleTimeout(now);
}

/** What calls that do nothing are held up for, by others on this core: for so long. */
function idle(ms: number): Pauses {
  const pauses = nothingYet();
  while (pauses.all < ms) measure(pauses, () => undefined);
  return pauses;
}

function nothingYet(): Pauses {
  return { most: 0, all: 0, calls: 0, over: LONG_MS.map(() => 0) };
}

function measure(pauses: Pauses, call: () => void): void {
  const start = clock();
  call();
  const took = clock() - start;
  pauses.calls++;
  pauses.all += took;
  if (took > pauses.most) pauses.most = took;
  if (took > LONG_MS[0]!) for (const [index, long] of LONG_MS.entries()) if (took > long) pauses.over[index]!++;
}
