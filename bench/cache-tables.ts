/**
 * The tables of a cache with so many micronets, in a process of its own: `FAMILY MICRONETS PAGES`, pages `huge` or `small`. Filled in no
 * order; then asked for what they take, and for the time of look-ups.
 */
import { readFileSync } from "node:fs";
import type { Family } from "../src/address/index.ts";
import { Cache } from "../src/core/cache/cache.ts";
import { NO_PEER, PeerTable } from "../src/core/link/peer-table.ts";
import { MOST_FORESEEN } from "../src/core/engine.ts";
import { RequestForesight } from "../src/core/server/foresight.ts";
import { Ledger } from "../src/core/server/ledger.ts";
import { plainMemory } from "../src/core/tables/table-memory.ts";
import { hugeMemory } from "../src/io/batch/huge-memory.ts";
import { loadNative } from "../src/io/batch/native.ts";
import { nextU32 } from "../src/io/random.ts";
import { MappingBody, ResultCode } from "../src/wire/index.ts";
import { serveParent } from "./child.ts";
import { memory } from "./process-usage.ts";

export interface TablesReport {
  /** Octets for each. */
  readonly entry: number;
  readonly record: number;
  /** CPU time of filing one entry and one record, nanoseconds. */
  readonly filing: number;
  /** Memory in huge pages, MiB. */
  readonly huge: number;
}

const QUERIERS = 64;
const ETRS = 65_536;
/** An odd number: its multiples by 0 to 2^32 - 1 are all different. */
const SPREAD = 0x9e3779b1;
const LOOK_UPS = 1 << 20;
const HOUR_MS = 3_600_000;
const IPV6_HI = 0x20010db8;

const family = Number(process.argv[2]) as Family;
const micronets = Number(process.argv[3]);
const body = Object.assign(new MappingBody(), { family, etrFamily: family, prefixLength: 16, versionLineage: 1, positionLineage: 1 });
const tableMemory = process.argv[4] === "huge" ? hugeMemory(loadNative()) : plainMemory;
const cache = new Cache(micronets, 2, nextU32(), tableMemory);
const peers = new PeerTable(1 << 12, nextU32);
const ledger = new Ledger(micronets, cache.entries, peers, tableMemory);
const foresight = new RequestForesight(cache, ledger);
const read = new MappingBody();
const asked = new Uint32Array(LOOK_UPS);

const start = process.cpuUsage();
const before = rss();
for (let index = 0; index < micronets; index++) fill(index);
const filled = rss();
for (let index = 0; index < micronets; index++) ledger.note(index, peers.intern(0, 4, index % QUERIERS, 0, 0, 0, 1), index, index, HOUR_MS);
const noted = rss();
const filing = process.cpuUsage(start);

serveParent({ entry: (filled - before) / micronets, record: (noted - filled) / micronets, filing: ((filing.user + filing.system) * 1_000) / micronets, huge: hugePages() } satisfies TablesReport, (how: "one by one" | "in batches") => ({ nanoseconds: lookUp(how === "in batches") }));

/** One address, or one /64, somewhere. */
function fill(index: number): void {
  const key = keyOf(index);
  body.firstHi = family === 4 ? key : IPV6_HI;
  body.firstLo = family === 4 ? 0 : key;
  body.lastHi = body.firstHi;
  body.lastLo = body.firstLo;
  body.etr0 = family === 4 ? index : IPV6_HI;
  body.etr3 = family === 4 ? 0 : index % ETRS;
  body.versionLo = index;
  body.positionLo = index;
  cache.insert(ResultCode.mapping, body, HOUR_MS, 1);
}

/** Finds entries and reads what they say, as for a request: each by itself, or looked ahead for as drivers do; CPU time of one. */
function lookUp(inBatches: boolean): number {
  for (let ask = 0; ask < LOOK_UPS; ask++) asked[ask] = keyOf(Math.floor(Math.random() * micronets));
  const { user, system } = process.cpuUsage();
  const step = inBatches ? MOST_FORESEEN : LOOK_UPS;
  let found = 0;
  for (let first = 0; first < LOOK_UPS; first += step) {
    if (inBatches) lookAhead(first, first + step);
    found += family === 4 ? findIpv4(first, first + step) : findIpv6(first, first + step);
  }
  const used = process.cpuUsage({ user, system });
  if (found !== LOOK_UPS) throw new Error(`${LOOK_UPS - found} of ${LOOK_UPS} micronets were not found, but all had been put in`);
  return ((used.user + used.system) * 1_000) / LOOK_UPS;
}

function lookAhead(first: number, end: number): void {
  for (let ask = first; ask < end; ask++) foresight.noteKey(NO_PEER, family, family === 4 ? asked[ask]! : IPV6_HI, family === 4 ? 0 : asked[ask]!);
  foresight.look();
}

function findIpv4(first: number, end: number): number {
  let found = 0;
  for (let ask = first; ask < end; ask++) {
    cache.entries.read(cache.find(4, asked[ask]!, 0), read);
    found += Number(read.firstHi === asked[ask]);
  }
  return found;
}

function findIpv6(first: number, end: number): number {
  let found = 0;
  for (let ask = first; ask < end; ask++) {
    cache.entries.read(cache.find(6, IPV6_HI, asked[ask]!), read);
    found += Number(read.firstLo === asked[ask]);
  }
  return found;
}

function keyOf(index: number): number {
  return Math.imul(index, SPREAD) >>> 0;
}

/** Of this process, in MiB: proc(5), smaps. */
function hugePages(): number {
  return Number(/^AnonHugePages:\s+(\d+) kB/m.exec(readFileSync("/proc/self/smaps_rollup", "utf8"))![1]) / 1024;
}

function rss(): number {
  return memory(process.pid).now * 2 ** 20;
}
