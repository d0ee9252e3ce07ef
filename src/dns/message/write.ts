import { RecordType, type ResourceRecord, concatBytes, encodeName, encodeSoa, uint16Bytes, uint32Bytes } from "../records/index.ts";
import { CLASS_IN, HEADER_OCTETS, Opcode } from "./header.ts";
import { encodeOpt } from "./opt.ts";

export const QueryType = { IXFR: 251, AXFR: 252 } as const;
export const Flag = { response: 0x8000, authoritative: 0x0400, truncated: 0x0200, recursionDesired: 0x0100 } as const;

export interface MessageParts {
  readonly id: number;
  readonly opcode?: number;
  /** Bits of `Flag`. */
  readonly flags?: number;
  readonly rcode?: number;
  /** `octets`: the question section as it was asked, letters in their case, which clients compare (0x20). */
  readonly question?: { readonly name: string; readonly type: number; readonly octets?: Uint8Array };
  readonly answers?: readonly ResourceRecord[];
  readonly authority?: readonly ResourceRecord[];
  /** With an OPT record: in a response only where the query had one (RFC 6891 section 7). */
  readonly edns?: boolean;
}

const QUESTION_POINTER = uint16Bytes(0xc000 + HEADER_OCTETS);

/** A message of class IN; of the names only owners equal to the question's are compressed (RFC 1035 section 4.1.4). */
export function encodeMessage({ id, opcode = Opcode.QUERY, flags = 0, rcode = 0, question, answers = [], authority = [], edns = false }: MessageParts): Uint8Array {
  return concatBytes([
    ...[id, flags | (opcode << 11) | rcode, question === undefined ? 0 : 1, answers.length, authority.length, edns ? 1 : 0].map(uint16Bytes),
    ...(question === undefined ? [] : [question.octets ?? encodeQuestion(question)]),
    ...[...answers, ...authority].flatMap((record) => encodeRecord(record, question?.name)),
    ...(edns ? [encodeOpt()] : []),
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

function encodeQuestion({ name, type }: { readonly name: string; readonly type: number }): Uint8Array {
  return concatBytes([encodeName(name), uint16Bytes(type), uint16Bytes(CLASS_IN)]);
}

function encodeRecord({ name, type, ttl, data }: ResourceRecord, questionName: string | undefined): Uint8Array[] {
  const owner = name === questionName ? QUESTION_POINTER : encodeName(name);
  return [owner, uint16Bytes(type), uint16Bytes(CLASS_IN), uint32Bytes(ttl), uint16Bytes(data.length), data];
}
