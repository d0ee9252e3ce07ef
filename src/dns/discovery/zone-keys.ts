import { MOST_ANCHORS } from "../dnssec/index.ts";
import { RdataError, RecordType, type ResourceRecord, ancestorsOf, decodeTxt, encodeName, readRecord } from "../records/index.ts";
import { keyNode } from "../zone-model/index.ts";
import type { Budget } from "./budget.ts";
import { Unanswered, WalkError } from "./errors.ts";
import { someAtOnce } from "./some-at-once.ts";

/** Where DS data is read from, and what that may cost. */
export interface KeySource {
  readonly apex: string;
  readonly budget: Budget;
  /** Throws Unanswered. */
  readonly records: (name: string, type: number) => Promise<readonly ResourceRecord[]>;
}

const AT_ONCE = 32;

/**
 * The DS data that a registry has for the zones of these services, by zone. Where a zone ends is not told: of the ancestors of
 * a service the nearest one with DS data counts. Throws WalkError where one cannot be read, since the service would then pass
 * unsigned; and what `records` throws.
 */
export async function readZoneKeys(source: KeySource, services: readonly string[]): Promise<Record<string, readonly string[]>> {
  const asked = new Map<string, Promise<readonly string[] | undefined>>();
  const textsOf = (zone: string): Promise<readonly string[] | undefined> => {
    const texts = asked.get(zone) ?? readTexts(source, zone);
    asked.set(zone, texts);
    return texts;
  };
  const found = await someAtOnce(services, AT_ONCE, async (service) => {
    for (const zone of ancestorsOf(service)) {
      const texts = await textsOf(zone);
      if (texts !== undefined) return { zone, texts };
    }
    return undefined;
  });
  return Object.fromEntries(found.flatMap((one) => (one === undefined ? [] : [[one.zone, one.texts]])));
}

/** Undefined where there is none. */
async function readTexts({ apex, budget, records }: KeySource, zone: string): Promise<readonly string[] | undefined> {
  const node = keyNode(zone, apex);
  if (!isName(node)) return undefined;
  budget.take("zones", 1);
  try {
    const found = await records(node, RecordType.TXT);
    return found.length === 0 ? undefined : firstTexts(found);
  } catch (error) {
    if (!(error instanceof Unanswered)) throw error;
    throw new WalkError(`${apex}: whether ${zone} must be signed cannot be read: ${error.message}`, { cause: error });
  }
}

/** One more than can be used tells that there are too many. */
function firstTexts(records: readonly ResourceRecord[]): string[] {
  const texts: string[] = [];
  for (const record of records) {
    texts.push(...decodeOrNone(record));
    if (texts.length > MOST_ANCHORS) break;
  }
  return texts.slice(0, MOST_ANCHORS + 1);
}

/** DS data that is malformed vouches for nothing; it is there all the same. */
function decodeOrNone(record: ResourceRecord): string[] {
  try {
    return readRecord(record, decodeTxt);
  } catch (error) {
    if (!(error instanceof RdataError)) throw error;
    return [];
  }
}

/** A name below the registry may be too long to be one. */
function isName(text: string): boolean {
  try {
    encodeName(text);
    return true;
  } catch (error) {
    if (!(error instanceof RdataError)) throw error;
    return false;
  }
}
