import { concatBytes, encodeName, uint16Bytes } from "../records/index.ts";
import { CLASS_IN, HEADER_OCTETS } from "./header.ts";
import { encodeOpt } from "./opt.ts";

/**
 * What an answer must bring besides the records: nothing; their signatures, for us to judge, so that a resolver's own judgement
 * must not keep it from us (CD, RFC 6840 section 5.9); or the resolver's word that it has validated them (AD, section 5.7).
 */
export type Evidence = "none" | "signatures" | "word";

/** One question on its way: what a reply must repeat to be one (RFC 5452). */
export interface SentQuery {
  readonly id: number;
  /** Absolute, lower-case. */
  readonly name: string;
  readonly type: number;
  readonly bytes: Uint8Array;
  /** The question section, its name in mixed case chosen at random (0x20): 1 bit a letter that a forger must guess. */
  readonly question: Uint8Array;
}

const RECURSION_DESIRED = 0x0100;
const AUTHENTIC_DATA = 0x0020;
const CHECKING_DISABLED = 0x0010;

const FLAGS: Readonly<Record<Evidence, number>> = { none: 0, signatures: CHECKING_DISABLED, word: AUTHENTIC_DATA };

/** Encodes a question with a random id and letter case, and EDNS. Throws RdataError for what is no name. */
export function makeQuery(name: string, type: number, evidence: Evidence, nextU32: () => number): SentQuery {
  const id = nextU32() & 0xffff;
  const question = concatBytes([mixCase(encodeName(name), nextU32), uint16Bytes(type), uint16Bytes(CLASS_IN)]);
  const header = [id, RECURSION_DESIRED | FLAGS[evidence], 1, 0, 0, 1].map(uint16Bytes);
  return { id, name, type, question, bytes: concatBytes([...header, question, encodeOpt(evidence === "signatures")]) };
}

/** Whether a message has this question, in the same letters. */
export function repeatsQuestion(message: Uint8Array, { question }: SentQuery): boolean {
  return question.every((octet, at) => message[HEADER_OCTETS + at] === octet);
}

/** Of a name in lower case. Lengths of labels are below 0x40, so the only octets in this range are letters. */
function mixCase(name: Uint8Array, nextU32: () => number): Uint8Array {
  let bits = 0;
  let left = 0;
  return name.map((octet) => {
    if (octet < 0x61 || octet > 0x7a) return octet;
    if (left === 0) {
      bits = nextU32();
      left = 32;
    }
    left--;
    bits >>>= 1;
    return (bits & 1) === 1 ? octet - 0x20 : octet;
  });
}
