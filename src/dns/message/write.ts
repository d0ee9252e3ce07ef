import { RecordType, type ResourceRecord, concatBytes, encodeName, encodeSoa, uint16Bytes, uint32Bytes } from "../records/index.ts";
import { CLASS_IN, Opcode } from "./header.ts";

export const QueryType = { IXFR: 251, AXFR: 252 } as const;
export const Flag = { response: 0x8000, authoritative: 0x0400 } as const;

export interface MessageParts {
  readonly id: number;
  readonly opcode?: number;
  /** Bits of `Flag`. */
  readonly flags?: number;
  readonly rcode?: number;
  readonly question?: { readonly name: string; readonly type: number };
  readonly answers?: readonly ResourceRecord[];
  readonly authority?: readonly ResourceRecord[];
}

/** A message of class IN without compression. */
export function encodeMessage({ id, opcode = Opcode.QUERY, flags = 0, rcode = 0, question, answers = [], authority = [] }: MessageParts): Uint8Array {
  return concatBytes([
    ...[id, flags | (opcode << 11) | rcode, question === undefined ? 0 : 1, answers.length, authority.length, 0].map(uint16Bytes),
    ...(question === undefined ? [] : [encodeName(question.name), uint16Bytes(question.type), uint16Bytes(CLASS_IN)]),
    ...[...answers, ...authority].flatMap(encodeRecord),
  ]);
}

/** RFC 5936 section 2.1. */
export function encodeAxfrQuery(id: number, apex: string): Uint8Array {
  return encodeMessage({ id, question: { name: apex, type: QueryType.AXFR } });
}

/** RFC 1995 section 3: the serial that the asker has, in an SOA record whose other fields nobody reads. */
export function encodeIxfrQuery(id: number, apex: string, serial: number): Uint8Array {
  const data = encodeSoa({ mname: ".", rname: ".", serial, refresh: 0, retry: 0, expire: 0, minimum: 0 });
  return encodeMessage({ id, question: { name: apex, type: QueryType.IXFR }, authority: [{ name: apex, type: RecordType.SOA, ttl: 0, data }] });
}

export function encodeSoaQuery(id: number, apex: string): Uint8Array {
  return encodeMessage({ id, question: { name: apex, type: RecordType.SOA } });
}

function encodeRecord({ name, type, ttl, data }: ResourceRecord): Uint8Array[] {
  return [encodeName(name), uint16Bytes(type), uint16Bytes(CLASS_IN), uint32Bytes(ttl), uint16Bytes(data.length), data];
}
