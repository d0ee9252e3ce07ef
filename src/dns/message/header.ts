import { MessageError } from "./error.ts";
import { uint16At } from "./octets.ts";

/** RFC 1035 section 4.1.1. */
export const HEADER_OCTETS = 12;
export const Opcode = { QUERY: 0, NOTIFY: 4 } as const;
export const CLASS_IN = 1;
export const CLASS_ANY = 255;

export interface Header {
  readonly id: number;
  readonly isResponse: boolean;
  readonly opcode: number;
  readonly authoritative: boolean;
  readonly truncated: boolean;
  readonly recursionDesired: boolean;
  /** The server says that it has validated the answer (RFC 4035 section 3.2.3). */
  readonly authenticated: boolean;
  /** The four bits of the header; EDNS widens them (RFC 6891 section 6.1.3). */
  readonly rcode: number;
  readonly questions: number;
  readonly answers: number;
  readonly authority: number;
  readonly additional: number;
}

/** Throws MessageError. */
export function readHeader(message: Uint8Array): Header {
  if (message.length < HEADER_OCTETS) throw new MessageError(`it has ${message.length} octets, and a header alone has ${HEADER_OCTETS}`);
  const flags = uint16At(message, 2);
  return {
    id: uint16At(message, 0),
    isResponse: (flags & 0x8000) !== 0,
    opcode: (flags >>> 11) & 15,
    authoritative: (flags & 0x0400) !== 0,
    truncated: (flags & 0x0200) !== 0,
    recursionDesired: (flags & 0x0100) !== 0,
    authenticated: (flags & 0x0020) !== 0,
    rcode: flags & 15,
    questions: uint16At(message, 4),
    answers: uint16At(message, 6),
    authority: uint16At(message, 8),
    additional: uint16At(message, 10),
  };
}
