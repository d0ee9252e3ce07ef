import { Flag, Opcode, QueryType, encodeMessage, framed } from "../../src/dns/message/index.ts";
import { RecordType, type ResourceRecord, concatBytes, encodeAddress, encodeSoa, encodeTxt, uint16Bytes, uint32Bytes } from "../../src/dns/records/index.ts";
import { parseIp } from "../../src/address/index.ts";
import { TransferCollector, TransferReader, type TransferSummary } from "../../src/dns/transfer/index.ts";
import type { AnswerVerifier } from "../../src/dns/tsig/index.ts";

/** Pieces that transfers are put together from in tests. */
export const APEX = "drtm.example.";
export const ID = 4711;
export const LIMITS = { octets: 1_000_000, records: 10_000, messages: 1_000 };

export function soa(serial: number, name = APEX): ResourceRecord {
  return { name, type: RecordType.SOA, ttl: 60, data: encodeSoa({ mname: "ns.example.", rname: "admin.example.", serial, refresh: 60, retry: 10, expire: 604_800, minimum: 60 }) };
}

export function txt(label: string, text = label): ResourceRecord {
  return { name: `${label}.${APEX}`, type: RecordType.TXT, ttl: 60, data: encodeTxt([text]) };
}

export function a(label: string, address: string): ResourceRecord {
  return { name: `${label}.${APEX}`, type: RecordType.A, ttl: 60, data: encodeAddress(parseIp(address)) };
}

export type TransferType = "AXFR" | "IXFR";

/** One message of an answer. */
export function answer(records: readonly ResourceRecord[], type: TransferType = "AXFR", changes: Partial<Parameters<typeof encodeMessage>[0]> = {}): Uint8Array {
  return encodeMessage({ id: ID, flags: Flag.response | Flag.authoritative, opcode: Opcode.QUERY, question: { name: APEX, type: QueryType[type] }, answers: records, ...changes });
}

/** An answer, with so many records in each message. */
export function answers(records: readonly ResourceRecord[], type: TransferType = "AXFR", perMessage = records.length, id = ID): Uint8Array[] {
  const messages: Uint8Array[] = [];
  for (let at = 0; at < records.length; at += perMessage) messages.push(answer(records.slice(at, at + perMessage), type, { id }));
  return messages;
}

/** A message with so many small records that it is nearly full, as only a hostile primary sends them. */
export function flood(id = ID, type: TransferType = "AXFR", name = APEX, count = 4_000): Uint8Array {
  const pointer = Uint8Array.of(0xc0, 12);
  const record = concatBytes([pointer, uint16Bytes(RecordType.TXT), uint16Bytes(1), uint32Bytes(0), uint16Bytes(2), Uint8Array.of(1, 65)]);
  const message = concatBytes([answer([], type, { id, question: { name, type: QueryType[type] } }), ...Array.from({ length: count }, () => record)]);
  message.set(uint16Bytes(count), 6);
  return message;
}

export function stream(messages: readonly Uint8Array[]): Uint8Array {
  return concatBytes(messages.map(framed));
}

export interface Read {
  readonly summary: TransferSummary;
  readonly collector: TransferCollector;
  readonly isDone: boolean;
}

/** Reads messages until one is the last, as a client would. */
export function read(messages: readonly Uint8Array[], { type = "AXFR", from, limits = LIMITS, verifier, now = 0 }: { type?: TransferType; from?: number; limits?: typeof LIMITS; verifier?: AnswerVerifier; now?: number } = {}): Read {
  const collector = new TransferCollector();
  const reader = new TransferReader({ id: ID, apex: APEX, type, from, verifier }, limits, collector);
  for (const message of messages) reader.accept(message, now);
  return { summary: reader.summary, collector, isDone: reader.isDone };
}
