import pLimit from "p-limit";
import { formatEndpoint } from "../address/index.ts";
import { type ResourceRecord, typeName } from "../dns/records/index.ts";
import { type DnsEndpoint, type ExchangeCounters, ExchangeError, exchangeTcp, exchangeUdp } from "./dns-exchange.ts";
import { type Reply, makeQuestion } from "./dns-message.ts";
import { nextU32 } from "./random.ts";

export interface DnsAnswer {
  readonly rcode: "NOERROR" | "NXDOMAIN";
  readonly records: readonly ResourceRecord[];
  readonly authenticated: boolean;
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
    return this.#limit(() => {
      signal?.throwIfAborted();
      return this.#ask(name, type);
    });
  }

  /** Ends all questions in flight: they fail. */
  close(): void {
    this.#stop.abort();
  }

  async #ask(name: string, type: number): Promise<DnsAnswer> {
    this.counters.questions++;
    const deadline = performance.now() + this.#deadlineMs;
    const problems = new Map<string, string>();
    for (let round = 0; round < ROUNDS; round++) {
      for (const server of this.#servers) {
        const leftMs = deadline - performance.now();
        if (leftMs <= 0 || this.#stop.signal.aborted) break;
        const endpoint = formatEndpoint(server.address, server.port);
        try {
          const timeoutMs = Math.min(leftMs, this.#firstTimeoutMs * 2 ** round);
          const reply = await this.#exchange(name, type, server, timeoutMs, deadline);
          const { rcode, records, authenticated } = reply;
          if (rcode === "NOERROR" || rcode === "NXDOMAIN") return { rcode, records, authenticated, server: endpoint };
          problems.set(endpoint, rcode);
        } catch (error) {
          problems.set(endpoint, (error as Error).message);
        }
      }
      if (isFinal(problems, this.#servers.length)) break;
    }
    this.counters.failures++;
    const what = [...problems].map(([endpoint, problem]) => `${endpoint}: ${problem}`).join("; ");
    throw new DnsError(`no answer for ${name} ${typeName(type)} (${what}): check that these name servers run and serve this zone`);
  }

  async #exchange(name: string, type: number, server: DnsEndpoint, timeoutMs: number, deadline: number): Promise<Reply> {
    const question = makeQuestion(name, type, nextU32);
    const reply = await exchangeUdp(question, server, timeoutMs, this.counters, this.#stop.signal);
    if (!reply.truncated) return readable(reply);
    const whole = await exchangeTcp(makeQuestion(name, type, nextU32), server, Math.max(1, deadline - performance.now()), this.counters, this.#stop.signal);
    if (whole.truncated) throw new ExchangeError("its answer is truncated over TCP too");
    return readable(whole);
  }
}

function readable(reply: Reply): Reply {
  if (reply.malformed) throw new ExchangeError("its answer has a malformed record");
  return reply;
}

/** Whether every server has said something that asking again will not change. */
function isFinal(problems: ReadonlyMap<string, string>, servers: number): boolean {
  return problems.size === servers && [...problems.values()].every((problem) => problem === "REFUSED" || problem === "NOTIMP");
}
