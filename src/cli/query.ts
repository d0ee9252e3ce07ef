import {
  type IpAddress,
  formatEndpoint,
  formatIp,
  formatPrefix,
  formatRange,
  formatWords,
  prefixAround,
  rangeOf,
} from "../address/index.ts";
import type { Endpoint } from "../config/fields.ts";
import { QueryClient, QueryError, type QueryResult, resultText } from "../io/query-client.ts";
import { ResultCode } from "../wire/index.ts";
import { DEFAULT_PORT, readAddress, readEndpoint } from "./arguments.ts";
import { type Command, ExitStatus, UsageError, readArgs } from "./command.ts";
import { paint, width } from "./table.ts";

const LONGEST_LINE = 100;

export const query: Command = {
  name: "query",
  summary: "ask a query server where packets to an address go",
  help: `Usage: drtm query ADDRESS... [--server ADDRESS[:PORT]] [--json] [--trace] [--timeout MS]

Asks a QSR (or a QSA) for the mapping of addresses. Prints a line for each: the address, its ETR and micronet, how long it
took, and whether it came from cache or from a QSA (these two are left out of lines that would be too long).

  -s, --server ADDRESS[:PORT]  the server to ask (default 127.0.0.1:${DEFAULT_PORT}); IPv6 with a port: [::1]:${DEFAULT_PORT}
  --trace                      several lines: also the MAB, the version, for how long it may be cached, and which QSA
                               answered, with its RTT
  --json                       one JSON object for each address, with everything; "error" says why there is no answer
  --timeout MS                 for each address, retries included (default 2500)

Exit status: 0 when every address has a mapping, 1 when one has none or there was no answer, 2 for wrong usage.

Example: drtm query 192.0.2.7 2001:db8::1 --trace`,
  run: async (args) => {
    const { values, positionals } = readArgs("query", args, {
      server: { type: "string", short: "s", default: `127.0.0.1:${DEFAULT_PORT}` },
      json: { type: "boolean", default: false },
      trace: { type: "boolean", default: false },
      timeout: { type: "string", default: "2500" },
    });
    if (positionals.length === 0) throw new UsageError("drtm query needs an address (see: drtm query --help)");
    const addresses = positionals.map(readAddress);
    const [server, timeoutMs] = [readEndpoint("--server", values.server, DEFAULT_PORT), readTimeout(values.timeout)];
    const print = values.json ? printJson : values.trace ? printTrace : printLine;
    try {
      return await askAll(server, timeoutMs, addresses, print);
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      if (values.json) for (const address of addresses) printJson(unanswered(address, error));
      else console.error(`drtm: ${error.message}`);
      return ExitStatus.unanswered;
    }
  },
};

/** One answer in words. */
interface Answer {
  readonly address: string;
  readonly result: "mapping" | "negative" | "not-in-any-mab" | "error";
  readonly mab: string | null;
  /** The micronet, or the gap. */
  readonly range: string | null;
  readonly etr: string | null;
  readonly drop: boolean;
  readonly version: string | null;
  readonly remainingSeconds: number;
  readonly fromCache: boolean | null;
  readonly qsa: string | null;
  readonly qsaRttMs: number | null;
  readonly rttMs: number | null;
  readonly error: string | null;
}

type Print = (answer: Answer) => void;

/** Throws QueryError when the server cannot be asked at all. */
async function askAll(server: Endpoint, timeoutMs: number, addresses: readonly IpAddress[], print: Print): Promise<number> {
  const client = await QueryClient.connect(server, timeoutMs);
  try {
    let status: number = ExitStatus.answered;
    for (const address of addresses) {
      const answer = await askOne(client, address);
      print(answer);
      if (answer.result !== "mapping") status = ExitStatus.unanswered;
    }
    return status;
  } finally {
    client.close();
  }
}

async function askOne(client: QueryClient, address: IpAddress): Promise<Answer> {
  try {
    return describe(address, await client.ask(address));
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    return unanswered(address, error);
  }
}

function unanswered(address: IpAddress, error: QueryError): Answer {
  return {
    address: formatIp(address),
    result: "error",
    mab: null,
    range: null,
    etr: null,
    drop: false,
    version: null,
    remainingSeconds: 0,
    fromCache: null,
    qsa: null,
    qsaRttMs: null,
    rttMs: null,
    error: error.message,
  };
}

function describe(address: IpAddress, { reply, trace, elapsedMs }: QueryResult): Answer {
  const { result, body } = reply;
  const { family } = address;
  const isMapping = result === ResultCode.mapping;
  const hasRange = isMapping || result === ResultCode.negative || result === ResultCode.notInAnyMab;
  const inMab = isMapping || result === ResultCode.negative;
  const upstream = trace === undefined || trace.family === 0 ? null : trace;
  return {
    address: formatIp(address),
    result: isMapping ? "mapping" : result === ResultCode.negative ? "negative" : hasRange ? "not-in-any-mab" : "error",
    mab: inMab ? formatPrefix(prefixAround(family, body.firstHi, body.firstLo, body.prefixLength)) : null,
    range: hasRange ? formatRange(rangeOf(family, body.firstHi, body.firstLo, body.lastHi, body.lastLo)) : null,
    etr: isMapping ? formatWords(body.etrFamily === 6 ? 6 : 4, body.etr0, body.etr1, body.etr2, body.etr3) : null,
    drop: isMapping && (body.etr0 | body.etr1 | body.etr2 | body.etr3) === 0,
    version: inMab ? `${body.versionLineage}.${body.versionHi * 2 ** 32 + body.versionLo}` : null,
    remainingSeconds: body.cachingMs / 1000,
    fromCache: trace?.fromCache ?? null,
    qsa: upstream === null ? null : endpointText(upstream),
    qsaRttMs: upstream === null ? null : upstream.rtt / 1000,
    rttMs: Math.round(elapsedMs * 1000) / 1000,
    error: hasRange ? null : resultText(result),
  };
}

function endpointText(trace: NonNullable<QueryResult["trace"]>): string {
  const words = [trace.word0, trace.word1, trace.word2, trace.word3] as const;
  return formatEndpoint({ family: trace.family === 6 ? 6 : 4, words }, trace.port);
}

function printJson(answer: Answer): void {
  console.log(JSON.stringify(answer));
}

function printLine(answer: Answer): void {
  const line = `${paint.bold(answer.address)}  ${outcome(answer)}`;
  const end = answer.rttMs === null ? "" : `  ${answer.rttMs.toFixed(2)} ms, ${origin(answer)}`;
  console.log(width(line) + end.length > LONGEST_LINE ? line : line + paint.dim(end));
}

function printTrace(answer: Answer): void {
  console.log(`${paint.bold(answer.address)}  ${outcome(answer)}`);
  const lines: [string, string | null][] = [
    ["MAB", answer.mab],
    [answer.result === "mapping" ? "micronet" : "gap", answer.range],
    ["ETR", answer.drop ? `${answer.etr} (drop)` : answer.etr],
    ["version", answer.version === null ? null : `${answer.version} (lineage.number)`],
    ["cacheable", answer.result === "error" ? null : `${answer.remainingSeconds.toFixed(1)} s more`],
    ["answered", answer.rttMs === null ? null : `${tracedOrigin(answer)}; ${answer.rttMs.toFixed(3)} ms in all`],
  ];
  for (const [label, value] of lines) if (value !== null) console.log(`  ${label.padEnd(10)} ${value}`);
}

function outcome(answer: Answer): string {
  switch (answer.result) {
    case "mapping":
      return `${answer.drop ? paint.yellow("drop") : `ETR ${paint.green(answer.etr ?? "")}`}  micronet ${answer.range}`;
    case "negative":
      return `${paint.yellow("no micronet")}  gap ${answer.range}`;
    case "not-in-any-mab":
      return `${paint.yellow("in no MAB")}  gap ${answer.range}`;
    case "error":
      return paint.red(answer.error ?? "");
  }
}

function origin({ fromCache, qsa }: Answer): string {
  if (fromCache === true) return "from cache";
  return qsa === null ? "by the server itself" : "from a QSA";
}

function tracedOrigin(answer: Answer): string {
  const { fromCache, qsa, qsaRttMs } = answer;
  return fromCache === true || qsa === null ? origin(answer) : `from QSA ${qsa} in ${qsaRttMs?.toFixed(1)} ms`;
}

function readTimeout(text: string): number {
  const milliseconds = Number(text);
  if (!/^\d{1,6}$/.test(text) || milliseconds < 1) throw new UsageError(`--timeout ${text}: give milliseconds, 1 to 999999`);
  return milliseconds;
}
