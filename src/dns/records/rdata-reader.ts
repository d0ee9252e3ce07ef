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
    return this.bytes(1, what)[0]!;
  }

  uint16(what: string): number {
    const two = this.bytes(2, what);
    return two[0]! * 256 + two[1]!;
  }

  uint32(what: string): number {
    return this.uint16(what) * 0x10000 + this.uint16(what);
  }

  /** A view of the next bytes, not a copy. */
  bytes(count: number, what: string): Uint8Array {
    if (this.remaining < count) this.fail(`ends within its ${what}`);
    this.#offset += count;
    return this.#bytes.subarray(this.#offset - count, this.#offset);
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
