import { RecordType, type ResourceRecord, decodeHostName } from "../records/index.ts";
import { CLASS_IN, HEADER_OCTETS, type Header, Opcode, readHeader } from "./header.ts";
import { OPT, readOpt } from "./opt.ts";
import { type SentQuery, repeatsQuestion } from "./query.ts";
import { RecordCursor } from "./record-cursor.ts";

/** A reply that belongs to its question. */
export interface Reply {
  /** All twelve bits (RFC 6891 section 6.1.3). */
  readonly rcode: number;
  /** Then it has no records here. */
  readonly truncated: boolean;
  readonly authenticated: boolean;
  /** Those of the asked type at the asked name, or where aliases in the same answer lead. */
  readonly records: readonly ResourceRecord[];
  /** All of the answer and authority sections: signatures and proofs of absence are among them. */
  readonly sections: readonly ResourceRecord[];
}

const MOST_ALIASES = 8;

/** The reply in these octets; undefined when they are none to this question. Throws MessageError, RdataError where the rest of it is broken. */
export function readReply(octets: Uint8Array, query: SentQuery): Reply | undefined {
  // A Buffer would go on into every record; its slice() is a view, where that of others is a copy.
  const message = new Uint8Array(octets.buffer, octets.byteOffset, octets.length);
  if (message.length < HEADER_OCTETS) return undefined;
  const header = readHeader(message);
  const belongs = header.isResponse && header.opcode === Opcode.QUERY && header.id === query.id && header.questions === 1 && repeatsQuestion(message, query);
  return belongs ? readAnswer(message, header, query) : undefined;
}

function readAnswer(message: Uint8Array, { rcode, truncated, authenticated, answers, authority, additional }: Header, { name, type, question }: SentQuery): Reply {
  // Where it was cut off nobody can tell: it will be fetched whole.
  if (truncated) return { rcode, truncated, authenticated, records: [], sections: [] };
  const cursor = new RecordCursor(message, HEADER_OCTETS + question.length);
  const answer = readSection(cursor, answers);
  const sections = [...answer, ...readSection(cursor, authority)];
  // Nothing else of the additional section is of use.
  const extended = readOpt(cursor, additional)?.extendedRcode ?? 0;
  return { rcode: rcode + 16 * extended, truncated, authenticated, records: follow(answer, name, type), sections };
}

function readSection(cursor: RecordCursor, count: number): ResourceRecord[] {
  const records: ResourceRecord[] = [];
  for (let ordinal = 0; ordinal < count; ordinal++) {
    cursor.next();
    const { name, type, ttl } = cursor;
    if (cursor.class === CLASS_IN && type !== OPT) records.push({ name, type, ttl, data: cursor.data() });
  }
  return records;
}

function follow(answer: readonly ResourceRecord[], asked: string, type: number): ResourceRecord[] {
  let name = asked;
  for (let alias = 0; alias <= MOST_ALIASES; alias++) {
    const records = answer.filter((record) => record.name === name && record.type === type);
    if (records.length > 0) return records;
    const cname = answer.find((record) => record.name === name && record.type === RecordType.CNAME);
    if (cname === undefined) return [];
    name = decodeHostName(cname.data);
  }
  return [];
}
