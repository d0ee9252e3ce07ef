import fc from "fast-check";
import { expect, test } from "vitest";
import { SipHash } from "../../src/core/server/siphash.ts";

type Key = readonly [number, number, number, number];

const KEY: Key = [0x00010203, 0x04050607, 0x08090a0b, 0x0c0d0e0f];

/** From the reference implementation (vectors_sip64): hashes of the messages 00 01 02 ... of 0, 4, 8, ... 60 octets. */
const REFERENCE = [
  "310e0edd47db6f72",
  "b7877127e09427cf",
  "6224939a79f5f593",
  "fbe50e86bc8f1e75",
  "db9bc2577fcc2a3f",
  "98eea21af25cd6be",
  "94af49f6c650adb8",
  "a5c91da7acaa4dde",
  "ce7cf2722f512771",
  "b4a31508beff4d31",
  "d0a704536ba93e0e",
  "f21df2e41d4535f9",
  "51a9cb9ecba312e6",
  "b274cb8ebf87870a",
  "bd838d3aafbf8db7",
  "e1915f5cb1eca46c",
];

test.each(REFERENCE.map((hash, words) => [words * 4, hash] as const))("the reference hash of %i octets", (octets, hash) => {
  const message = Array.from({ length: octets / 4 }, (_, index) => 0x00010203 + 0x04040404 * index);
  expect(hashOf(KEY, message)).toBe(hash);
});

test("any key and message hash as 64-bit arithmetic has it", () => {
  const uint32 = fc.nat({ max: 0xffffffff });
  fc.assert(
    fc.property(fc.tuple(uint32, uint32, uint32, uint32), fc.array(uint32, { maxLength: 70 }), (key, message) => {
      expect(hashOf(key, message)).toBe(wideSipHash(key, message));
    }),
  );
});

test("a hasher starts afresh after reset, whatever was left in it", () => {
  const hasher = new SipHash(KEY);
  for (const word of [1, 2, 3]) hasher.update(word);
  hasher.reset();
  hasher.finish();
  expect(hex(hasher)).toBe(REFERENCE[0]);
});

function hashOf(key: Key, message: readonly number[]): string {
  const hasher = new SipHash(key);
  for (const word of message) hasher.update(word);
  hasher.finish();
  return hex(hasher);
}

function hex({ hi, lo }: SipHash): string {
  return `${hi.toString(16).padStart(8, "0")}${lo.toString(16).padStart(8, "0")}`;
}

/** SipHash-2-4 as the paper writes it, in 64-bit words. */
function wideSipHash(key: Key, message: readonly number[]): string {
  const octets = Buffer.alloc(Math.floor(message.length / 2) * 8 + 8);
  for (const [index, word] of message.entries()) octets.writeUInt32BE(word, index * 4);
  octets[octets.length - 1] = (message.length * 4) & 0xff;
  const keyOctets = Buffer.alloc(16);
  for (const [index, word] of key.entries()) keyOctets.writeUInt32BE(word, index * 4);
  const [k0, k1] = [keyOctets.readBigUInt64LE(0), keyOctets.readBigUInt64LE(8)];
  let state = [k0 ^ 0x736f6d6570736575n, k1 ^ 0x646f72616e646f6dn, k0 ^ 0x6c7967656e657261n, k1 ^ 0x7465646279746573n];
  for (let at = 0; at < octets.length; at += 8) {
    const word = octets.readBigUInt64LE(at);
    state[3] ^= word;
    state = sipRound(sipRound(state));
    state[0] ^= word;
  }
  state[2] ^= 0xffn;
  for (let round = 0; round < 4; round++) state = sipRound(state);
  const hash = Buffer.alloc(8);
  hash.writeBigUInt64LE(state[0] ^ state[1] ^ state[2] ^ state[3]);
  return hash.toString("hex");
}

function sipRound([v0, v1, v2, v3]: readonly bigint[]): bigint[] {
  let [a, b, c, d] = [v0, v1, v2, v3];
  a = add(a, b);
  b = rotate(b, 13n) ^ a;
  a = rotate(a, 32n);
  c = add(c, d);
  d = rotate(d, 16n) ^ c;
  a = add(a, d);
  d = rotate(d, 21n) ^ a;
  c = add(c, b);
  b = rotate(b, 17n) ^ c;
  c = rotate(c, 32n);
  return [a, b, c, d];
}

function add(a: bigint, b: bigint): bigint {
  return BigInt.asUintN(64, a + b);
}

function rotate(a: bigint, bits: bigint): bigint {
  return BigInt.asUintN(64, (a << bits) | (a >> (64n - bits)));
}
