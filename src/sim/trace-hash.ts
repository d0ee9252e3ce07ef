const FNV_PRIME = 0x01000193;
const OTHER_PRIME = 0x85ebca6b;

/**
 * A fingerprint of a run: two FNV-1a hashes, side by side, over every delivered datagram with its time and its ends. Two runs
 * with the same fingerprint were the same.
 */
export class TraceHash {
  #a = 0x811c9dc5 | 0;
  #b = 0x12345678;
  readonly #time = new DataView(new ArrayBuffer(8));

  note(at: number, from: number, to: number, view: DataView, length: number): void {
    this.#time.setFloat64(0, at);
    this.#mix(this.#time.getInt32(0));
    this.#mix(this.#time.getInt32(4));
    this.#mix((from << 16) | to);
    let a = this.#a;
    let b = this.#b;
    const whole = length & ~3;
    for (let offset = 0; offset < whole; offset += 4) {
      const word = view.getInt32(offset, true);
      a = Math.imul(a ^ word, FNV_PRIME);
      b = Math.imul((b << 13) | (b >>> 19), OTHER_PRIME) ^ word;
    }
    this.#a = a;
    this.#b = b;
    for (let offset = whole; offset < length; offset++) this.#mix(view.getUint8(offset));
  }

  /** Sixteen hexadecimal digits. */
  get text(): string {
    return [this.#a, this.#b].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }

  #mix(word: number): void {
    this.#a = Math.imul(this.#a ^ word, FNV_PRIME);
    this.#b = Math.imul((this.#b << 13) | (this.#b >>> 19), OTHER_PRIME) ^ word;
  }
}
