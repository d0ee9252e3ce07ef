/** FNV-1a over words of 32 bits: what it begins with, and how it goes on. Not against anybody who chooses words. */
export const HASH_OF_NOTHING = 0x811c9dc5 | 0;

export function mixed(hash: number, word: number): number {
  return Math.imul(hash ^ word, 0x01000193);
}

const IS_LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/** What four octets are as a word, lowest first, of which this machine has made one in its own order: hashes are the same everywhere. */
export function littleEndian(word: number): number {
  if (IS_LITTLE_ENDIAN) return word;
  return (word << 24) | ((word << 8) & 0xff0000) | ((word >> 8) & 0xff00) | (word >>> 24);
}

/** A fingerprint of a run, 64 bits: of every delivered datagram with its time and its ends. Two runs with the same one were the same. */
export class Trace {
  #a = HASH_OF_NOTHING;
  #b = 0x12345678;
  readonly #time = new DataView(new ArrayBuffer(8));

  /** `hash`: of what is in the datagram. */
  note(at: number, from: number, to: number, hash: number): void {
    this.#time.setFloat64(0, at);
    this.#mix(this.#time.getInt32(0));
    this.#mix(this.#time.getInt32(4));
    this.#mix((from << 16) | to);
    this.#mix(hash);
  }

  /** Sixteen hexadecimal digits. */
  get text(): string {
    return [this.#a, this.#b].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }

  /** Two hashes side by side. */
  #mix(word: number): void {
    this.#a = mixed(this.#a, word);
    this.#b = Math.imul((this.#b << 13) | (this.#b >>> 19), 0x85ebca6b) ^ word;
  }
}
