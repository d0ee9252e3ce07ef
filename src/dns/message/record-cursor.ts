import { NameReader, skipName } from "./names.ts";
import { MessageError } from "./error.ts";
import { uint16At, uint32At } from "./octets.ts";
import { readRdata } from "./rdata.ts";

/** RFC 2181 section 8: a TTL with the highest bit set counts as zero. */
const MOST_TTL = 0x7fffffff;
/** TYPE, CLASS, TTL and RDLENGTH. */
const FIXED_OCTETS = 10;

/** Goes from record to record of one message; its fields are those of the record it stands at. */
export class RecordCursor {
  name = ".";
  type = 0;
  class = 0;
  ttl = 0;
  readonly #message: Uint8Array;
  readonly #names: NameReader;
  #dataAt = 0;
  #end: number;

  /** `at`: where the first record begins. */
  constructor(message: Uint8Array, at: number) {
    this.#message = message;
    this.#names = new NameReader(message);
    this.#end = at;
  }

  /** Goes to the next record. Throws MessageError. */
  next(): void {
    this.name = this.#names.read(this.#end);
    const at = this.#names.end;
    this.type = uint16At(this.#message, at);
    this.class = uint16At(this.#message, at + 2);
    const ttl = uint32At(this.#message, at + 4);
    this.ttl = ttl > MOST_TTL ? 0 : ttl;
    this.#dataAt = at + FIXED_OCTETS;
    this.#end = recordEnd(this.#message, at);
  }

  /** The four octets in the place of the TTL, which an OPT record has for other things (RFC 6891 section 6.1.3). */
  get ttlOctets(): number {
    return uint32At(this.#message, this.#dataAt - 6);
  }

  /** The data, names in it uncompressed; where there are none, a view of the message. Throws MessageError. */
  data(): Uint8Array {
    return readRdata(this.#message, this.#names, this.type, this.#dataAt, this.#end);
  }
}

/** Offset of the first octet after the record at `start`, and its type. Throws MessageError. */
export function skipRecord(message: Uint8Array, start: number): { readonly type: number; readonly end: number } {
  const at = skipName(message, start);
  return { type: uint16At(message, at), end: recordEnd(message, at) };
}

/** Offset after a record whose TYPE is at `at`. */
function recordEnd(message: Uint8Array, at: number): number {
  const length = uint16At(message, at + 8);
  const end = at + FIXED_OCTETS + length;
  if (end > message.length) throw new MessageError(`the record data at octet ${at + FIXED_OCTETS} are cut off: ${length} octets are announced`);
  return end;
}
