import { MOST_LABEL_OCTETS, MOST_NAME_OCTETS, formatLabel } from "../records/index.ts";
import { MessageError } from "./error.ts";
import { HEADER_OCTETS } from "./header.ts";

/** The two high bits of a pointer (RFC 1035 section 4.1.4). */
const POINTER = 0xc0;
/** A name has no more labels, so an honest one follows no more pointers. */
const MOST_POINTERS = 127;

interface Name {
  /** As in ResourceRecord: lower-case, absolute, escaped. */
  readonly text: string;
  /** Its length uncompressed. */
  readonly octets: number;
}

const ROOT: Name = { text: "", octets: 1 };

/** Reads the names of one message, decompressed (RFC 1035 section 4.1.4); what is pointed to is read once. */
export class NameReader {
  readonly #message: Uint8Array;
  readonly #known = new Map<number, Name>();
  #end = 0;

  constructor(message: Uint8Array) {
    this.#message = message;
  }

  /** Offset of the first octet after the name read last. */
  get end(): number {
    return this.#end;
  }

  /** Throws MessageError for a name that is cut off or overlong, or has a pointer that leads anywhere but back. */
  read(start: number): string {
    const { text } = this.#read(start, 0);
    return text === "" ? "." : text;
  }

  #read(start: number, pointers: number): Name {
    let text = "";
    let at = start;
    for (let length = labelLength(this.#message, at); length !== 0; length = labelLength(this.#message, at)) {
      if (length >= POINTER) {
        const rest = this.#follow(pointerTarget(this.#message, at), start, pointers + 1);
        this.#end = at + 2;
        return joined(text, at - start, rest, start);
      }
      text += `${formatLabel(this.#message, at + 1, at + 1 + length)}.`;
      at += 1 + length;
      if (at - start >= MOST_NAME_OCTETS) throw tooLong(start);
    }
    this.#end = at + 1;
    return joined(text, at - start, ROOT, start);
  }

  /** A pointer leads to a prior place; so no chain of them goes round. */
  #follow(target: number, start: number, pointers: number): Name {
    if (target >= start || target < HEADER_OCTETS) throw new MessageError(`the name at octet ${start} has a pointer to octet ${target}, where no earlier name can be`);
    if (pointers > MOST_POINTERS) throw new MessageError(`the name at octet ${start} is a chain of more than ${MOST_POINTERS} pointers`);
    const known = this.#known.get(target);
    if (known !== undefined) return known;
    const name = this.#read(target, pointers);
    this.#known.set(target, name);
    return name;
  }
}

/** Offset of the first octet after a name that nobody wants to know. Throws MessageError. */
export function skipName(message: Uint8Array, start: number): number {
  let at = start;
  for (let length = labelLength(message, at); length !== 0; length = labelLength(message, at)) {
    if (length >= POINTER) return at + 2;
    at += 1 + length;
    if (at - start >= MOST_NAME_OCTETS) throw tooLong(start);
  }
  return at + 1;
}

/** The octet that begins a label or pointer, checked to be one, with what it announces within the message. */
function labelLength(message: Uint8Array, at: number): number {
  const length = message[at];
  if (length === undefined) throw new MessageError(`it is cut off within a name, at octet ${at}`);
  if (length > MOST_LABEL_OCTETS && length < POINTER) throw new MessageError(`the label at octet ${at} is of an unknown type`);
  const octets = length < POINTER ? length : 1;
  if (at + octets >= message.length) throw new MessageError(`it is cut off within a name, at octet ${message.length}`);
  return length;
}

function pointerTarget(message: Uint8Array, at: number): number {
  return (message[at]! - POINTER) * 256 + message[at + 1]!;
}

function joined(text: string, octets: number, rest: Name, start: number): Name {
  if (octets + rest.octets > MOST_NAME_OCTETS) throw tooLong(start);
  return text === "" ? rest : { text: text + rest.text, octets: octets + rest.octets };
}

function tooLong(start: number): MessageError {
  return new MessageError(`the name at octet ${start} is longer than ${MOST_NAME_OCTETS} octets`);
}
