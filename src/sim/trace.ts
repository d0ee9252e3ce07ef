/** Two FNV-1a hashes, side by side, over words of 32 bits: what they begin with, and how they go on. Not against anybody who chooses words. */
export const FIRST_A = 0x811c9dc5 | 0;
export const FIRST_B = 0x12345678;

export function mixA(a: number, word: number): number {
  return Math.imul(a ^ word, 0x01000193);
}

export function mixB(b: number, word: number): number {
  return Math.imul((b << 13) | (b >>> 19), 0x85ebca6b) ^ word;
}

/** A fingerprint of a run: of every delivered datagram with its time and its ends. Two runs with the same one were the same. */
export class Trace {
  #a = FIRST_A;
  #b = FIRST_B;
  readonly #time = new DataView(new ArrayBuffer(8));

  /** `a`, `b`: the hashes of what is in the datagram. */
  note(at: number, from: number, to: number, a: number, b: number): void {
    this.#time.setFloat64(0, at);
    this.#mix(this.#time.getInt32(0));
    this.#mix(this.#time.getInt32(4));
    this.#mix((from << 16) | to);
    this.#mix(a);
    this.#mix(b);
  }

  /** Sixteen hexadecimal digits. */
  get text(): string {
    return [this.#a, this.#b].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }

  #mix(word: number): void {
    this.#a = mixA(this.#a, word);
    this.#b = mixB(this.#b, word);
  }
}
