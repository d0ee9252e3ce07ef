import { type RdataReader, concatBytes, uint16Bytes } from "./rdata-reader.ts";
import { RdataError } from "./record.ts";

/** SvcParamKeys: RFC 9460 section 14.3.2, and three from its private-use space (docs/zones.md). */
export const SvcKey = {
  mandatory: 0,
  alpn: 1,
  noDefaultAlpn: 2,
  port: 3,
  ipv4hint: 4,
  ech: 5,
  ipv6hint: 6,
  region: 65280,
  weight: 65281,
  publicKey: 65282,
} as const;

export interface SvcParam {
  readonly key: number;
  readonly value: Uint8Array;
}

const NAMES = ["mandatory", "alpn", "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint"];
/** Key 65535 is reserved as "Invalid key". */
const INVALID_KEY = 65535;
const MOST_VALUE_OCTETS = 0xffff;

/** `port`, or `key65280` for a key without a name in DNS text (RFC 9460 section 2.1). */
export function svcKeyName(key: number): string {
  return NAMES[key] ?? `key${key}`;
}

/** The key of such a text; undefined for anything else. */
export function svcKeyFromName(text: string): number | undefined {
  const known = NAMES.indexOf(text);
  if (known >= 0) return known;
  const digits = /^key(0|[1-9]\d{0,4})$/.exec(text)?.[1];
  const key = Number(digits);
  return digits !== undefined && key < INVALID_KEY ? key : undefined;
}

/** The parameters up to the end of the data: keys strictly ascending (RFC 9460 section 2.2). Throws RdataError. */
export function readSvcParams(reader: RdataReader): SvcParam[] {
  const params: SvcParam[] = [];
  while (reader.remaining > 0) {
    const key = reader.uint16("SvcParamKey");
    const before = params.at(-1)?.key ?? -1;
    if (key === before) reader.fail(`has ${svcKeyName(key)} twice`);
    if (key < before) reader.fail(`has ${svcKeyName(key)} after ${svcKeyName(before)}: keys must ascend`);
    if (key === INVALID_KEY) reader.fail("uses the reserved key 65535");
    const name = svcKeyName(key);
    params.push({ key, value: reader.bytes(reader.uint16(`${name} length`), name) });
  }
  return params;
}

/** Throws RdataError for a value whose length does not fit its field. */
export function encodeSvcParams(params: readonly SvcParam[]): Uint8Array {
  const sorted = params.toSorted((a, b) => a.key - b.key);
  const tooLong = sorted.find(({ value }) => value.length > MOST_VALUE_OCTETS);
  if (tooLong !== undefined) throw new RdataError("SVCB", `has ${svcKeyName(tooLong.key)} with ${tooLong.value.length} octets: ${MOST_VALUE_OCTETS} are the most`);
  return concatBytes(sorted.flatMap(({ key, value }) => [uint16Bytes(key), uint16Bytes(value.length), value]));
}
