import { setTimeout as sleep } from "node:timers/promises";
import { DEFAULT_INTERVALS } from "../src/core/querier/prober.ts";
import { mostWithin } from "../test/support/rates.ts";
import { Child } from "./child.ts";
import type { ProbeLog } from "./probe-log.ts";
import type { QsaAddresses } from "./probing-qsr.ts";
import type { Row } from "./table.ts";

const SITES = 20;
const SAMPLES = 3;
const MEASURED_BY_S = 30;
const PROGRESS_MS = 1000;
/** `qsas.maxProbesPerSecond`, as it is where nothing else is configured. */
const LIMIT = 1_000_000 / DEFAULT_INTERVALS.pacing;

interface Usage {
  readonly cpuMs: number;
  readonly rssMiB: number;
  /** QSAs of which an answer has come. */
  readonly measured: number;
  readonly timeouts: number;
}

/**
 * A QSR right after discovery: how soon it has measured all QSAs, how often, and at which rate. The QSR and all QSAs together
 * are a process each, with real sockets, an address for each QSA.
 */
export async function benchProbing(dsocs: number, seconds: number, progress: (text: string) => void): Promise<Row[]> {
  const children: Child[] = [];
  const start = async <Ready>(file: string, ...args: number[]): Promise<{ child: Child; ready: Ready }> => {
    const started = await Child.start<Ready>(file, args.map(String));
    children.push(started.child);
    return started;
  };
  try {
    progress("sockets for the QSAs, 200,000 MABs for the QSR");
    const [qsas, qsr] = await Promise.all([start<Omit<QsaAddresses, "sites">>("probing-qsas.ts", dsocs, SITES), start("probing-qsr.ts")]);
    const { startedAt, setMs } = await qsr.child.ask<{ startedAt: number; setMs: number }>({ ...qsas.ready, sites: SITES });
    const before = await qsr.child.ask<Usage>("usage");
    for (let second = 1; second <= seconds; second++) {
      await sleep(PROGRESS_MS);
      const { probes } = await qsas.child.ask<{ probes: number }>("count");
      progress(`${second} of ${seconds} s: ${probes.toLocaleString("en")} probes`);
    }
    const after = await qsr.child.ask<Usage>("usage");
    const [received, sent] = [await qsas.child.ask<ProbeLog>("log"), await qsr.child.ask<ProbeLog>("log")];
    return summarise({ received: since(startedAt, seconds, received), sent: since(startedAt, seconds, sent), count: dsocs * SITES, seconds, setMs, before, after });
  } finally {
    await Promise.all(children.map((child) => child.stop()));
  }
}

/** What fell into the first seconds, on a clock that starts with them. */
function since(startedAt: number, seconds: number, { at, server }: ProbeLog): ProbeLog {
  const times = at.map((time) => time - startedAt).filter((time) => time < seconds * 1000);
  return { at: times, server: server.slice(0, times.length) };
}

interface Run {
  readonly received: ProbeLog;
  readonly sent: ProbeLog;
  readonly count: number;
  readonly seconds: number;
  readonly setMs: number;
  readonly before: Usage;
  readonly after: Usage;
}

function summarise({ received, sent, count, seconds, setMs, before, after }: Run): Row[] {
  const probesOf = new Uint32Array(count);
  const roundEnds: number[] = [];
  const missing = new Uint32Array(SAMPLES + 1).fill(count);
  for (const [index, server] of received.server.entries()) {
    const number = ++probesOf[server]!;
    if (number <= SAMPLES && --missing[number]! === 0) roundEnds[number] = received.at[index]! / 1000;
  }
  const within = `within ${seconds} s, of ${count.toLocaleString("en")} QSAs`;
  const all = (times: string, number: number): Row => {
    const end = roundEnds[number];
    return { what: `all QSAs probed ${times}`, value: end ?? Infinity, unit: "s", ...(number === SAMPLES ? { bound: { most: MEASURED_BY_S } } : {}), ...(end === undefined ? { note: `not within ${seconds} s` } : {}) };
  };
  return [
    { what: "catalogue of 200,000 MABs taken over", value: setMs, unit: "ms" },
    all("once", 1),
    all("twice", 2),
    all("three times", SAMPLES),
    { what: "fewest probes of a QSA", value: Math.min(...probesOf), unit: "probes", note: within },
    { what: "most probes of a QSA", value: Math.max(...probesOf), unit: "probes", note: `${after.measured.toLocaleString("en")} QSAs have answered; ${after.timeouts} timeouts` },
    { what: "sent in any 1 s, most", value: mostWithin(1000, sent.at), unit: "probes", bound: { most: LIMIT } },
    { what: "arrived in any 1 s, most", value: mostWithin(1000, received.at), unit: "probes", note: "those bunch up that find their receiver busy" },
    { what: "CPU of the QSR", value: (after.cpuMs - before.cpuMs) / seconds / 10, unit: "% of a core" },
    { what: "memory of the QSR", value: after.rssMiB, unit: "MiB RSS", note: `${before.rssMiB.toFixed(0)} when probing began` },
  ];
}
