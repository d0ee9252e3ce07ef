import { concatBytes, uint16Bytes } from "../records/index.ts";

/** A message as it goes over TCP: behind its length (RFC 1035 section 4.2.2). */
export function framed(message: Uint8Array): Uint8Array {
  return concatBytes([uint16Bytes(message.length), message]);
}

/**
 * Cuts a TCP stream into messages, whatever chunks it comes in. Each octet is copied once at most: a message that lies
 * within one chunk is a view of it.
 */
export class FrameReader {
  readonly #chunks: Uint8Array[] = [];
  /** Octets at the front of the first chunk that have been taken. */
  #taken = 0;
  #waiting = 0;
  #length: number | undefined;

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    // A Buffer would go on into every record; its slice() is a view, where that of others is a copy.
    this.#chunks.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length));
    this.#waiting += chunk.length;
  }

  /** The next whole message; undefined until it has come. */
  next(): Uint8Array | undefined {
    if (this.#length === undefined) {
      if (this.#waiting < 2) return undefined;
      const [high, low] = this.#take(2);
      this.#length = high! * 256 + low!;
    }
    if (this.#waiting < this.#length) return undefined;
    const message = this.#take(this.#length);
    this.#length = undefined;
    return message;
  }

  #take(count: number): Uint8Array {
    this.#waiting -= count;
    const first = this.#chunks[0];
    if (first !== undefined && first.length - this.#taken > count) {
      this.#taken += count;
      return first.subarray(this.#taken - count, this.#taken);
    }
    return this.#gather(count);
  }

  /** What ends a chunk, or goes over several. */
  #gather(count: number): Uint8Array {
    const pieces: Uint8Array[] = [];
    let missing = count;
    let used = 0;
    while (missing > 0) {
      const chunk = this.#chunks[used]!;
      const piece = chunk.subarray(this.#taken, this.#taken + missing);
      pieces.push(piece);
      missing -= piece.length;
      this.#taken += piece.length;
      if (this.#taken === chunk.length) {
        this.#taken = 0;
        used++;
      }
    }
    this.#chunks.splice(0, used);
    return pieces.length === 1 ? pieces[0]! : concatBytes(pieces);
  }
}
