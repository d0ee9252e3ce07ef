import { encodeSoaQuery } from "../dns/message/index.ts";
import type { Soa } from "../dns/records/index.ts";
import { readSoaAnswer } from "../dns/transfer/index.ts";
import { ExchangeError, exchangeDatagrams } from "./dns-exchange.ts";
import type { Primary } from "./primary-connection.ts";
import { nextU32 } from "./random.ts";
import { signedQuery, unixSeconds } from "./signed-query.ts";

/** The serial that a primary gives over UDP; undefined where it gives none in that time. The transfer will say why. */
export async function askSerial(primary: Primary, apex: string, timeoutMs: number, signal: AbortSignal): Promise<number | undefined> {
  const id = nextU32() & 0xffff;
  const { bytes, newVerifier } = signedQuery(encodeSoaQuery(id, apex), primary.key);
  const counters = { udpSent: 0, tcpSent: 0, ignored: 0 };
  try {
    const read = (octets: Uint8Array): Soa | undefined => readSoaAnswer(octets, { id, apex, verifier: newVerifier() }, unixSeconds());
    const { serial } = await exchangeDatagrams(bytes, primary, timeoutMs, counters, signal, read);
    return serial;
  } catch (error) {
    if (error instanceof ExchangeError) return undefined;
    throw error;
  }
}
