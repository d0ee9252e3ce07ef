import { concatBytes, uint16Bytes } from "../records/index.ts";
import { MessageError } from "./error.ts";

/** A message as it goes over TCP: behind its length (RFC 1035 section 4.2.2). */
export function framed(message: Uint8Array): Uint8Array {
  return concatBytes([uint16Bytes(message.length), message]);
}

const NOTHING = new Uint8Array();

/**
 * Cuts a TCP stream into messages, whatever chunks it comes in. Each octet is copied once at most: a message that lies
 * within one chunk is a view of it. What has come of another is held in one piece, of the length that it says: a peer that
 * sends octets one by one costs no more than one that sends them together.
 */
export class FrameReader {
  readonly #most: number;
  /** Of the last chunk, what has not been taken. */
  #rest: Uint8Array = NOTHING;
  /** Of the message that has begun. */
  #length: number | undefined;
  /** What is being gathered from several chunks, and how many of its octets are there. */
  #gathered: Uint8Array | undefined;
  #filled = 0;

  /** `most`: the longest message that is taken, in octets. */
  constructor(most = 65_535) {
    this.#most = most;
  }

  push(chunk: Uint8Array): void {
    // A Buffer would go on into every record; its slice() is a view, where that of others is a copy.
    const octets = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
    this.#rest = this.#rest.length === 0 ? octets : concatBytes([this.#rest, octets]);
  }

  /** The next whole message; undefined until it has come. To be asked until then after each `push`. Throws MessageError on one that is too long. */
  next(): Uint8Array | undefined {
    if (this.#length === undefined) {
      const prefix = this.#octets(2);
      if (prefix === undefined) return undefined;
      this.#length = prefix[0]! * 256 + prefix[1]!;
      if (this.#length > this.#most) throw new MessageError(`it has ${this.#length} octets, where at most ${this.#most} are taken`);
    }
    const message = this.#octets(this.#length);
    if (message !== undefined) this.#length = undefined;
    return message;
  }

  /** The next octets of the stream; undefined until all of them have come. */
  #octets(count: number): Uint8Array | undefined {
    if (this.#gathered === undefined && this.#rest.length >= count) return this.#take(count);
    this.#gathered ??= new Uint8Array(count);
    const piece = this.#take(count - this.#filled);
    this.#gathered.set(piece, this.#filled);
    this.#filled += piece.length;
    if (this.#filled < count) return undefined;
    const whole = this.#gathered;
    this.#gathered = undefined;
    this.#filled = 0;
    return whole;
  }

  /** At most so many of the last chunk. */
  #take(most: number): Uint8Array {
    const taken = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(taken.length);
    return taken;
  }
}
