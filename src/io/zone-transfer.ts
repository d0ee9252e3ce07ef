import { formatEndpoint } from "../address/index.ts";
import { encodeAxfrQuery, encodeIxfrQuery } from "../dns/message/index.ts";
import { type ResourceRecord, compareSerials } from "../dns/records/index.ts";
import { DEFAULT_LIMITS, type IncrementStep, TransferCollector, TransferError, type TransferLimits, TransferReader, type TransferSink, type TransferSummary, calledForAxfr } from "../dns/transfer/index.ts";
import { ExchangeError } from "./dns-exchange.ts";
import { type ConnectionDeadlines, type Primary, PrimaryConnection } from "./primary-connection.ts";
import { nextU32 } from "./random.ts";
import { signedQuery, unixSeconds } from "./signed-query.ts";
import { askSerial } from "./soa-probe.ts";

export type { Primary } from "./primary-connection.ts";

export interface TransferDeadlines extends ConnectionDeadlines {
  /** Milliseconds for an answer over UDP; 0: don't ask. */
  readonly probeMs: number;
  /** Milliseconds for more, where an answer to IXFR is one newer SOA so far. */
  readonly onlySoaMs: number;
  /** Milliseconds for all that is tried with one primary. */
  readonly totalMs: number;
}

export interface TransferOptions {
  /** Absolute, lower-case. */
  readonly apex: string;
  /** Tried in order, until one has the zone. */
  readonly primaries: readonly Primary[];
  /** The serial that we have; undefined: the whole zone is wanted. */
  readonly from?: number | undefined;
  readonly limits?: Partial<TransferLimits>;
  readonly deadlines?: Partial<TransferDeadlines>;
  /** Ends it with this signal's reason. */
  readonly signal?: AbortSignal;
}

export interface Transferred extends TransferSummary {
  /** Who gave it: ADDRESS:PORT. */
  readonly server: string;
}

export type FetchedZone = Transferred &
  (
    | { readonly kind: "unchanged" }
    | { readonly kind: "increments"; readonly steps: readonly IncrementStep[] }
    | { readonly kind: "whole"; readonly records: readonly ResourceRecord[] }
  );

/** No primary has given the zone. The message names the zone, and what each of them did. */
export class ZoneTransferError extends Error {
  override readonly name = "ZoneTransferError";
  readonly code = "DRTM_ZONE_TRANSFER";
  readonly failures: readonly { readonly server: string; readonly error: Error }[];

  constructor(apex: string, failures: ZoneTransferError["failures"]) {
    const what = failures.map(({ server, error }) => `${server}: ${error.message}`).join("; ");
    super(`${apex} could not be transferred (${what || "no primaries are configured"})`);
    this.failures = failures;
  }
}

const DEFAULT_DEADLINES: TransferDeadlines = { probeMs: 1_000, onlySoaMs: 2_000, connectMs: 5_000, idleMs: 10_000, totalMs: 120_000 };
const NOTHING_READ = { octets: 0, recordCount: 0, messageCount: 0 } as const;

/** What one attempt needs to know. */
interface Attempt {
  readonly apex: string;
  readonly from: number | undefined;
  readonly limits: TransferLimits;
  readonly deadlines: TransferDeadlines;
  readonly sink: TransferSink;
  readonly signal: AbortSignal;
}

/** Fetches a zone, or what has changed in it, and holds it. Throws ZoneTransferError, and the reason of `signal`. */
export async function fetchZone(options: TransferOptions): Promise<FetchedZone> {
  const collector = new TransferCollector();
  const { kind, ...rest } = await streamZone(options, collector);
  if (kind === "unchanged") return { ...rest, kind };
  return kind === "increments" ? { ...rest, kind, steps: collector.steps } : { ...rest, kind, records: collector.records };
}

/**
 * The same, handing records over as they come. The sink hears `begin` again when a transfer has failed and another is tried.
 * Throws also what the sink throws; a TransferError of its own counts as the primary's failure.
 */
export async function streamZone(options: TransferOptions, sink: TransferSink): Promise<Transferred> {
  const { apex, primaries, from, signal } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const deadlines = { ...DEFAULT_DEADLINES, ...options.deadlines };
  const failures: { server: string; error: Error }[] = [];
  for (const primary of primaries) {
    const server = formatEndpoint(primary.address, primary.port);
    const clock = deadline(signal, deadlines.totalMs);
    try {
      const summary = await transferFrom(primary, { apex, from, limits, deadlines, sink, signal: clock.signal });
      return { ...summary, server };
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof TransferError || error instanceof ExchangeError)) throw error;
      failures.push({ server, error });
    } finally {
      clock.stop();
    }
  }
  throw new ZoneTransferError(apex, failures);
}

async function transferFrom(primary: Primary, attempt: Attempt): Promise<TransferSummary> {
  const { apex, from } = attempt;
  if (from === undefined) return await transfer("AXFR", primary, attempt);
  const serial = await probe(primary, attempt);
  if (serial === from) return { kind: "unchanged", serial, ...NOTHING_READ };
  if (serial !== undefined && !((compareSerials(serial, from) ?? -1) > 0)) {
    throw new TransferError("serial", `SOA of ${apex}: its serial ${serial} is not newer than ${from}, which we have (RFC 1982): set a newer one at the primary, or wait until this server has caught up`);
  }
  try {
    return await transfer("IXFR", primary, attempt);
  } catch (error) {
    if (!(error instanceof TransferError && calledForAxfr(error))) throw error;
    return await transfer("AXFR", primary, attempt);
  }
}

/** The serial by one datagram each way, which saves a connection where nothing has changed. Over TLS nothing goes beside it. */
async function probe(primary: Primary, { apex, deadlines, signal }: Attempt): Promise<number | undefined> {
  if (primary.tls !== undefined || deadlines.probeMs === 0) return undefined;
  return await askSerial(primary, apex, deadlines.probeMs, signal);
}

async function transfer(type: "AXFR" | "IXFR", primary: Primary, { apex, from, limits, deadlines, sink, signal }: Attempt): Promise<TransferSummary> {
  const id = nextU32() & 0xffff;
  const query = type === "AXFR" ? encodeAxfrQuery(id, apex) : encodeIxfrQuery(id, apex, from!);
  const { bytes, newVerifier } = signedQuery(query, primary.key);
  const reader = new TransferReader({ id, apex, type, from, verifier: newVerifier() }, limits, sink);
  const connection = await PrimaryConnection.open(primary, deadlines, signal);
  connection.send(bytes);
  try {
    for await (const message of connection.messages()) {
      if (reader.accept(message, unixSeconds())) return reader.summary;
      connection.waitFor(reader.isOnlySoa ? deadlines.onlySoaMs : deadlines.idleMs);
    }
  } catch (error) {
    if (!(error instanceof ExchangeError && reader.isOnlySoa)) throw error;
  }
  reader.end();
  return reader.summary;
}

/** A signal for one primary's time, ended too by the caller's. */
function deadline(signal: AbortSignal | undefined, totalMs: number): { readonly signal: AbortSignal; stop(): void } {
  const over = new AbortController();
  const timer = setTimeout(() => { over.abort(new Error(`not complete within ${totalMs} ms`)); }, totalMs);
  const stop = (): void => { clearTimeout(timer); };
  return { signal: signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]), stop };
}
