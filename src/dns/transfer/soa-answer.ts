import { CLASS_IN, MessageError, Opcode, type Outline, RecordCursor, outlineOf } from "../message/index.ts";
import { RdataError, RecordType, type Soa, decodeSoa } from "../records/index.ts";
import { type AnswerVerifier, TsigError } from "../tsig/index.ts";

export interface SoaQuery {
  readonly id: number;
  readonly apex: string;
  readonly verifier: AnswerVerifier | undefined;
}

/**
 * The SOA that a primary gives for its zone over UDP: undefined when these octets are no answer to the question, or one that
 * proves nothing (refused, truncated, from somebody's cache, with a wrong signature).
 */
export function readSoaAnswer(message: Uint8Array, query: SoaQuery, now: number): Soa | undefined {
  try {
    const outline = outlineOf(message);
    if (!answers(outline, query)) return undefined;
    query.verifier?.check(message, outline, now);
    return findSoa(message, outline, query.apex);
  } catch (error) {
    if (error instanceof MessageError || error instanceof RdataError || error instanceof TsigError) return undefined;
    throw error;
  }
}

function answers({ header, question }: Outline, { id, apex }: SoaQuery): boolean {
  const isOurs = header.isResponse && header.opcode === Opcode.QUERY && header.id === id;
  const isWhole = header.authoritative && !header.truncated && header.rcode === 0;
  return isOurs && isWhole && question?.name === apex && question.type === RecordType.SOA && question.class === CLASS_IN;
}

function findSoa(message: Uint8Array, { answersAt, header }: Outline, apex: string): Soa | undefined {
  const cursor = new RecordCursor(message, answersAt);
  for (let ordinal = 0; ordinal < header.answers; ordinal++) {
    cursor.next();
    if (cursor.type === RecordType.SOA && cursor.class === CLASS_IN && cursor.name === apex) return decodeSoa(cursor.data());
  }
  return undefined;
}
