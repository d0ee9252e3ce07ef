import { MessageError } from "./error.ts";
import { HEADER_OCTETS, type Header, readHeader } from "./header.ts";
import { NameReader } from "./names.ts";
import { uint16At } from "./octets.ts";
import { skipRecord } from "./record-cursor.ts";

export const TSIG = 250;

export interface Question {
  readonly name: string;
  readonly type: number;
  readonly class: number;
}

/** Where the parts of a message are. No record has been read yet: a signature is checked before that. */
export interface Outline {
  readonly header: Header;
  readonly question: Question | undefined;
  readonly answersAt: number;
  /** Where the TSIG record begins (RFC 8945 section 5.1). */
  readonly tsigAt: number | undefined;
}

/** Throws MessageError where the sections do not fill the message exactly, or a TSIG record is not the last one. */
export function outlineOf(message: Uint8Array): Outline {
  const header = readHeader(message);
  const { question, end } = readQuestion(message, header);
  const { tsigAt, end: last } = findTsig(message, header, end);
  if (last !== message.length) throw new MessageError(`${message.length - last} octets follow its last record`);
  return { header, question, answersAt: end, tsigAt };
}

function readQuestion(message: Uint8Array, { questions }: Header): { question: Question | undefined; end: number } {
  if (questions === 0) return { question: undefined, end: HEADER_OCTETS };
  if (questions > 1) throw new MessageError(`it has ${questions} questions`);
  const names = new NameReader(message);
  const name = names.read(HEADER_OCTETS);
  const question = { name, type: uint16At(message, names.end), class: uint16At(message, names.end + 2) };
  return { question, end: names.end + 4 };
}

function findTsig(message: Uint8Array, { answers, authority, additional }: Header, start: number): { tsigAt: number | undefined; end: number } {
  const count = answers + authority + additional;
  let at = start;
  let tsigAt: number | undefined;
  for (let ordinal = 1; ordinal <= count; ordinal++) {
    const { type, end } = skipRecord(message, at);
    if (type === TSIG) {
      if (ordinal < count || additional === 0) throw new MessageError("its TSIG record is not the last of the additional section");
      tsigAt = at;
    }
    at = end;
  }
  return { tsigAt, end: at };
}
