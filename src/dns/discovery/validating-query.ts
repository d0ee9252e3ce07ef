import { type Setting, type TrustAnchor, type TrustedKeys, type Verdict, validateAbsence, validateKeys, validateRrset } from "../dnssec/index.ts";
import { RecordType, type ResourceRecord } from "../records/index.ts";
import { Refused } from "./errors.ts";
import type { EvidentAnswer, Query, RecordAnswer, Validation } from "./types.ts";

/** A zone, and the keys that may sign in it. */
export interface TrustedZone {
  readonly apex: string;
  readonly keys: TrustedKeys;
}

/** The keys of a zone as its own servers, or any resolver, give them. Throws Refused where no anchor vouches for them, and what `ask` throws. */
export async function fetchKeys(apex: string, anchors: readonly TrustAnchor[], validation: Validation, signal?: AbortSignal): Promise<TrustedZone> {
  const judge = ({ sections }: EvidentAnswer): Verdict<{ zone: TrustedZone }> => {
    const verdict = validateKeys(apex, sections, anchors, validation.now(), validation.dnssec);
    return verdict.valid ? { valid: true, zone: { apex, keys: verdict } } : verdict;
  };
  const { zone } = await askAndJudge(apex, RecordType.DNSKEY, judge, validation, signal);
  return zone;
}

/**
 * Answers from one zone, of which nothing is taken that is not signed by a key of it: RRsets by RRSIG, absence by NSEC. Where
 * the same zone is trusted for several reasons, each of them must hold. Throws Refused, and what `ask` throws.
 */
export function validatingQuery(zones: readonly TrustedZone[], validation: Validation): Query {
  return async (name, type, signal) => {
    const judge = (answer: EvidentAnswer): Verdict<{ answer: RecordAnswer }> => {
      const verdicts = zones.map((zone) => judgeIn(zone, name, type, answer, validation));
      return verdicts.find(({ valid }) => !valid) ?? verdicts[0]!;
    };
    const { answer } = await askAndJudge(name, type, judge, validation, signal);
    return answer;
  };
}

/** RCODE and aliases are not signed: what counts is whether the RRset is there, or proved to be absent. */
function judgeIn({ apex, keys }: TrustedZone, name: string, type: number, { sections }: EvidentAnswer, { dnssec, now }: Validation): Verdict<{ answer: RecordAnswer }> {
  const setting: Setting = { zone: apex, now: now(), verifier: dnssec.verifier };
  const answer = { name, type, records: sections };
  if (!sections.some((record) => record.name === name && record.type === type)) {
    const verdict = validateAbsence(answer, keys, setting);
    return verdict.valid ? { valid: true, answer: { rcode: "NXDOMAIN", records: [], sections } } : verdict;
  }
  const verdict = validateRrset(answer, keys, setting);
  return verdict.valid ? { valid: true, answer: { rcode: "NOERROR", records: withTtl(verdict.rrset.records, verdict.ttl) } } : verdict;
}

function withTtl(records: readonly ResourceRecord[], ttl: number): ResourceRecord[] {
  return records.map((record) => ({ ...record, ttl: Math.min(record.ttl, ttl) }));
}

/** Where an answer is refused, other servers are asked; the error has the reason for each of them. */
async function askAndJudge<T>(name: string, type: number, judge: (answer: EvidentAnswer) => Verdict<T>, { ask }: Validation, signal: AbortSignal | undefined): Promise<T> {
  let verdict: Verdict<T> | undefined;
  const check = (answer: EvidentAnswer): void => {
    verdict = judge(answer);
    if (!verdict.valid) throw new Refused(verdict.reason);
  };
  try {
    await ask(name, type, { evidence: "signatures", check }, signal);
  } catch (error) {
    if (verdict?.valid !== false) throw error;
    throw new Refused((error as Error).message, { cause: error });
  }
  if (verdict?.valid !== true) throw new Error(`the answer for ${name} was not judged`);
  return verdict;
}
