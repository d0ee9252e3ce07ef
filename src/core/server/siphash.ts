/**
 * SipHash-2-4 (Aumasson and Bernstein, 2012), fed with whole uint32 in network byte order. SipHash itself reads its input
 * as little-endian 64-bit words, so every uint32 is turned around on its way in, and the result on its way out.
 */
export class SipHash {
  /** First and last four octets of the hash, in network byte order, after `finish`. */
  hi = 0;
  lo = 0;
  /** v0 to v3, each as low half, high half. */
  readonly #state = new Int32Array(8);
  readonly #key = new Int32Array(4);
  #pending = 0;
  #words = 0;

  /** The 16 octets of the key, as four uint32 in network byte order. */
  constructor(key: readonly [number, number, number, number]) {
    for (const [index, word] of key.entries()) this.#key[index] = swapOctets(word);
    this.reset();
  }

  reset(): void {
    const key = this.#key;
    const state = this.#state;
    state[0] = key[0] ^ 0x70736575;
    state[1] = key[1] ^ 0x736f6d65;
    state[2] = key[2] ^ 0x6e646f6d;
    state[3] = key[3] ^ 0x646f7261;
    state[4] = key[0] ^ 0x6e657261;
    state[5] = key[1] ^ 0x6c796765;
    state[6] = key[2] ^ 0x79746573;
    state[7] = key[3] ^ 0x74656462;
    this.#words = 0;
  }

  /** Adds four octets of the message. */
  update(word: number): void {
    if ((this.#words++ & 1) === 0) this.#pending = swapOctets(word);
    else this.#absorb(this.#pending, swapOctets(word));
  }

  /** Ends the message; `hi` and `lo` hold its hash. */
  finish(): void {
    const odd = (this.#words & 1) !== 0;
    // The last block ends with the message's length in octets, modulo 256.
    const length = this.#words << 26;
    this.#absorb(odd ? this.#pending : 0, length);
    const state = this.#state;
    state[4] ^= 0xff;
    runRounds(state, 4);
    this.lo = swapOctets(state[1] ^ state[3] ^ state[5] ^ state[7]) >>> 0;
    this.hi = swapOctets(state[0] ^ state[2] ^ state[4] ^ state[6]) >>> 0;
  }

  #absorb(lo: number, hi: number): void {
    const state = this.#state;
    state[6] ^= lo;
    state[7] ^= hi;
    runRounds(state, 2);
    state[0] ^= lo;
    state[1] ^= hi;
  }
}

function swapOctets(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) | 0;
}

/** SipRound, figure 2.1 of the SipHash paper; each 64-bit word as two int32, rotations by 32 as exchanged halves. */
function runRounds(state: Int32Array, rounds: number): void {
  let v0l = state[0];
  let v0h = state[1];
  let v1l = state[2];
  let v1h = state[3];
  let v2l = state[4];
  let v2h = state[5];
  let v3l = state[6];
  let v3h = state[7];
  for (let round = 0; round < rounds; round++) {
    let lo = (v0l + v1l) | 0;
    let hi = (v0h + v1h + carry(lo, v1l)) | 0;
    let turned = (v1l << 13) | (v1h >>> 19);
    v1h = ((v1h << 13) | (v1l >>> 19)) ^ hi;
    v1l = turned ^ lo;
    v0l = hi;
    v0h = lo;

    lo = (v2l + v3l) | 0;
    hi = (v2h + v3h + carry(lo, v3l)) | 0;
    turned = (v3l << 16) | (v3h >>> 16);
    v3h = ((v3h << 16) | (v3l >>> 16)) ^ hi;
    v3l = turned ^ lo;
    v2l = lo;
    v2h = hi;

    lo = (v0l + v3l) | 0;
    hi = (v0h + v3h + carry(lo, v3l)) | 0;
    turned = (v3l << 21) | (v3h >>> 11);
    v3h = ((v3h << 21) | (v3l >>> 11)) ^ hi;
    v3l = turned ^ lo;
    v0l = lo;
    v0h = hi;

    lo = (v2l + v1l) | 0;
    hi = (v2h + v1h + carry(lo, v1l)) | 0;
    turned = (v1l << 17) | (v1h >>> 15);
    v1h = ((v1h << 17) | (v1l >>> 15)) ^ hi;
    v1l = turned ^ lo;
    v2l = hi;
    v2h = lo;
  }
  state[0] = v0l;
  state[1] = v0h;
  state[2] = v1l;
  state[3] = v1h;
  state[4] = v2l;
  state[5] = v2h;
  state[6] = v3l;
  state[7] = v3h;
}

/** Carry out of a 32-bit sum, told by the sum being smaller than one of its parts. */
function carry(sum: number, part: number): number {
  return sum >>> 0 < part >>> 0 ? 1 : 0;
}
