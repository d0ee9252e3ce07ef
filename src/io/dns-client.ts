import pLimit from "p-limit";
import { formatEndpoint } from "../address/index.ts";
import type { Demand, EvidentAnswer } from "../dns/discovery/types.ts";
import { type Reply, makeQuery, rcodeName } from "../dns/message/index.ts";
import { typeName } from "../dns/records/index.ts";
import { type DnsEndpoint, type ExchangeCounters, ExchangeError, exchangeTcp, exchangeUdp } from "./dns-exchange.ts";
import { nextU32 } from "./random.ts";

export interface DnsAnswer extends EvidentAnswer {
  /** Who gave it. */
  readonly server: string;
}

/** No usable answer by the deadline. The message names the question, and what each server did. */
export class DnsError extends Error {
  override readonly name = "DnsError";
  readonly code = "DRTM_DNS";
}

export interface DnsClientOptions {
  /** Asked in order, the next one when one fails. */
  readonly servers: readonly DnsEndpoint[];
  /** Milliseconds for a question, retries, TCP and all. */
  readonly deadlineMs?: number;
  /** Milliseconds for the first try; later ones get more. */
  readonly firstTimeoutMs?: number;
  /** Questions in flight at one time. */
  readonly concurrency?: number;
}

const ROUNDS = 4;
const NO_DEMAND: Demand = { evidence: "none" };

interface Question extends Demand {
  readonly name: string;
  readonly type: number;
}

/** What a server has done in place of a usable answer. */
interface Problem {
  readonly kind: "failed" | "refused";
  readonly text: string;
  /** To ask that server again will not change it. */
  readonly isFinal: boolean;
}

/**
 * The QSR's own DNS client: a stub that trusts nothing but its own question. Each try has a fresh id, port and letter case;
 * a truncated reply is fetched over TCP; every path ends at the deadline.
 */
export class DnsClient {
  readonly counters: ExchangeCounters & { questions: number; failures: number } = {
    udpSent: 0,
    tcpSent: 0,
    ignored: 0,
    questions: 0,
    failures: 0,
  };
  readonly #servers: readonly DnsEndpoint[];
  readonly #deadlineMs: number;
  readonly #firstTimeoutMs: number;
  readonly #limit: ReturnType<typeof pLimit>;
  readonly #stop = new AbortController();

  constructor(options: DnsClientOptions) {
    this.#servers = options.servers;
    this.#deadlineMs = options.deadlineMs ?? 5_000;
    this.#firstTimeoutMs = options.firstTimeoutMs ?? 400;
    this.#limit = pLimit(options.concurrency ?? 32);
  }

  /**
   * Asks for the records of a type at an absolute lower-case name. Throws DnsError, and the reason of `signal` when that is
   * aborted before the question's turn comes.
   */
  query(name: string, type: number, signal?: AbortSignal): Promise<DnsAnswer> {
    return this.queryWith(name, type, NO_DEMAND, signal);
  }

  /** The same, for an answer that brings evidence. Throws what `query` throws; what each server gave is in the message. */
  queryWith(name: string, type: number, demand: Demand, signal?: AbortSignal): Promise<DnsAnswer> {
    return this.#limit(() => {
      signal?.throwIfAborted();
      return this.#ask({ name, type, ...demand });
    });
  }

  /** Ends all questions in flight: they fail. */
  close(): void {
    this.#stop.abort();
  }

  async #ask(question: Question): Promise<DnsAnswer> {
    this.counters.questions++;
    const deadline = performance.now() + this.#deadlineMs;
    const problems = new Map<DnsEndpoint, Problem>();
    for (let round = 0; round < ROUNDS; round++) {
      for (const [index, server] of this.#servers.entries()) {
        const leftMs = deadline - performance.now();
        if (leftMs <= 0 || this.#stop.signal.aborted) break;
        if (problems.get(server)?.isFinal === true) continue;
        // One that is silent over TCP leaves the others their share.
        const until = deadline - leftMs * (1 - 1 / (this.#servers.length - index));
        const outcome = await this.#askOne(question, server, this.#firstTimeoutMs * 2 ** round, until);
        if ("records" in outcome) return outcome;
        problems.set(server, outcome);
      }
    }
    this.counters.failures++;
    throw failureOf(question, problems);
  }

  async #askOne(question: Question, server: DnsEndpoint, timeoutMs: number, until: number): Promise<DnsAnswer | Problem> {
    try {
      return takenFrom(await this.#exchange(question, server, timeoutMs, until), question, formatEndpoint(server.address, server.port));
    } catch (error) {
      return { kind: "failed", text: (error as Error).message, isFinal: false };
    }
  }

  async #exchange({ name, type, evidence }: Question, server: DnsEndpoint, timeoutMs: number, until: number): Promise<Reply> {
    const leftMs = (): number => Math.max(1, until - performance.now());
    const reply = await exchangeUdp(makeQuery(name, type, evidence, nextU32), server, Math.min(leftMs(), timeoutMs), this.counters, this.#stop.signal);
    if (!reply.truncated) return reply;
    const whole = await exchangeTcp(makeQuery(name, type, evidence, nextU32), server, leftMs(), this.counters, this.#stop.signal);
    if (whole.truncated) throw new ExchangeError("its answer is truncated over TCP too");
    return whole;
  }
}

/** What a reply gives, or why it will not do. */
function takenFrom({ rcode, ...rest }: Reply, { check }: Question, server: string): DnsAnswer | Problem {
  const name = rcodeName(rcode);
  if (name !== "NOERROR" && name !== "NXDOMAIN") return { kind: "failed", text: name, isFinal: name === "REFUSED" || name === "NOTIMP" };
  const answer = { ...rest, rcode: name, server } as const;
  try {
    check?.(answer);
    return answer;
  } catch (error) {
    return { kind: "refused", text: (error as Error).message, isFinal: true };
  }
}

function failureOf({ name, type }: Question, problems: ReadonlyMap<DnsEndpoint, Problem>): DnsError {
  const what = `${name} ${typeName(type)}`;
  const reasons = Array.from(problems, ([{ address, port }, { text }]) => `${formatEndpoint(address, port)}: ${text}`).join("; ");
  const isAnswered = [...problems.values()].some(({ kind }) => kind === "refused");
  return new DnsError(isAnswered ? `every answer for ${what} is refused (${reasons})` : `no answer for ${what} (${reasons}): check that these name servers run and serve this zone`);
}
