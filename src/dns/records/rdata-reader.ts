import { type DecodedName, decodeName } from "./name.ts";
import { RdataError } from "./record.ts";

/** Reads one RDATA from front to back; every overrun is an RdataError under the given subject. */
export class RdataReader {
  readonly #subject: string;
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(subject: string, bytes: Uint8Array) {
    this.#subject = subject;
    this.#bytes = bytes;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  uint8(what: string): number {
    return this.#bytes[this.#pass(1, what)]!;
  }

  uint16(what: string): number {
    const at = this.#pass(2, what);
    return this.#bytes[at]! * 256 + this.#bytes[at + 1]!;
  }

  uint32(what: string): number {
    return this.uint16(what) * 0x10000 + this.uint16(what);
  }

  /** A view of the next bytes, not a copy. */
  bytes(count: number, what: string): Uint8Array {
    const at = this.#pass(count, what);
    return this.#bytes.subarray(at, at + count);
  }

  name(what: string): string {
    const { name, next } = this.#decodeName(what);
    this.#offset = next;
    return name;
  }

  end(): void {
    if (this.remaining > 0) this.fail(`has ${this.remaining} octets too many`);
  }

  fail(problem: string, cause?: unknown): never {
    throw new RdataError(this.#subject, problem, cause === undefined ? undefined : { cause });
  }

  /** Where the next bytes begin, which count as read. */
  #pass(count: number, what: string): number {
    if (this.remaining < count) this.fail(`ends within its ${what}`);
    this.#offset += count;
    return this.#offset - count;
  }

  #decodeName(what: string): DecodedName {
    try {
      return decodeName(this.#bytes, this.#offset);
    } catch (error) {
      if (!(error instanceof RdataError)) throw error;
      return this.fail(`has a bad ${what}: ${error.problem}`, error);
    }
  }
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

export function uint16Bytes(value: number): Uint8Array {
  return Uint8Array.of((value >>> 8) & 255, value & 255);
}

export function uint32Bytes(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
}
