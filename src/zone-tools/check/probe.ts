import { type IpAddress, formatEndpoint } from "../../address/index.ts";
import { someAtOnce } from "../../dns/discovery/some-at-once.ts";
import { QueryClient, QueryError } from "../../io/query-client.ts";

/** What one QSA said to null Map Requests. */
export interface ProbeResult {
  readonly endpoint: string;
  /** Milliseconds; undefined where there was no answer. */
  readonly rttMs: number | undefined;
  /** Why there was none. */
  readonly problem: string | undefined;
}

const AT_ONCE = 64;

/** Asks each address and port once for nothing but a reply; by endpoint. `timeoutMs` is for each. */
export async function probe(targets: readonly { readonly address: IpAddress; readonly port: number }[], timeoutMs: number): Promise<Map<string, ProbeResult>> {
  const distinct = new Map(targets.map((target) => [formatEndpoint(target.address, target.port), target]));
  const results = await someAtOnce([...distinct], AT_ONCE, async ([endpoint, target]): Promise<[string, ProbeResult]> => [endpoint, await probeOne(endpoint, target, timeoutMs)]);
  return new Map(results);
}

/** The first reply brings the cookie, the second is timed. */
async function probeOne(endpoint: string, target: { readonly address: IpAddress; readonly port: number }, timeoutMs: number): Promise<ProbeResult> {
  try {
    const client = await QueryClient.connect(target, timeoutMs);
    try {
      return { endpoint, rttMs: (await client.ask(null)).elapsedMs, problem: undefined };
    } finally {
      client.close();
    }
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    return { endpoint, rttMs: undefined, problem: error.problem };
  }
}
