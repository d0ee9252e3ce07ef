/** One resource record, apart from its class, which is always IN. */
export interface ResourceRecord {
  /** Owner: lower-case, absolute with its trailing dot, RFC 1035 section 5.1 escapes. */
  readonly name: string;
  readonly type: number;
  /** Seconds. */
  readonly ttl: number;
  /** RDATA as on the wire, names in it uncompressed. */
  readonly data: Uint8Array;
}

/** The types this software reads or writes in their own form; others pass as `TYPEn` (RFC 3597). */
export const RecordType = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  TXT: 16,
  AAAA: 28,
  LOC: 29,
  APL: 42,
  DS: 43,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  NSEC3: 50,
  NSEC3PARAM: 51,
  CDS: 59,
  CDNSKEY: 60,
  ZONEMD: 63,
  SVCB: 64,
} as const;

const NAME_OF_TYPE = new Map<number, string>(Object.entries(RecordType).map(([name, type]) => [type, name]));

/** `SVCB`, or `TYPE1234` for one without a name here (RFC 3597 section 5). */
export function typeName(type: number): string {
  return NAME_OF_TYPE.get(type) ?? `TYPE${type}`;
}

/** The type of a mnemonic or of `TYPEn`, upper-case; undefined for anything else. */
export function typeFromName(text: string): number | undefined {
  if (Object.hasOwn(RecordType, text)) return RecordType[text as keyof typeof RecordType];
  const digits = /^TYPE(\d{1,5})$/.exec(text)?.[1];
  const type = Number(digits);
  return digits !== undefined && type <= 0xffff ? type : undefined;
}

/** Record data, or a name, that breaks its format. The message names the record and its fault. */
export class RdataError extends Error {
  override readonly name = "RdataError";
  readonly code = "DRTM_RDATA";
  /** What was being read: a record type, a name, or an owner with its type. */
  readonly subject: string;
  readonly problem: string;

  constructor(subject: string, problem: string, options?: ErrorOptions) {
    super(`${subject}: ${problem}`, options);
    this.subject = subject;
    this.problem = problem;
  }
}

/** Decodes the data of a record, so that an RdataError names the record's owner too. */
export function readRecord<T>(record: ResourceRecord, decode: (data: Uint8Array) => T): T {
  try {
    return decode(record.data);
  } catch (error) {
    if (!(error instanceof RdataError)) throw error;
    throw new RdataError(`${record.name} ${typeName(record.type)}`, error.problem, { cause: error });
  }
}
