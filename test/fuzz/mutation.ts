import type { NextU32 } from "../../src/core/next-u32.ts";
import {
  ACK_OCTETS,
  CRITICAL_EXTENSION,
  ExtensionType,
  HEADER_OCTETS,
  INVARIANT_OCTETS,
  MAP_REPLY_OCTETS,
  MAX_DATAGRAM_OCTETS,
  MessageType,
  appendLoadShift,
} from "../../src/wire/index.ts";
import type { Corpus } from "./corpus.ts";

type Field = readonly [offset: number, octets: number];

/** docs/protocol.md section 4: magic and version, type, flags, sequence, nonce, client cookie, server cookie (its parts). */
const HEADER_FIELDS: readonly Field[] = [[0, 1], [1, 1], [2, 2], [4, 4], [8, 4], [12, 4], [16, 4], [20, 4], [24, 1], [25, 3], [28, 4], [32, 4], [36, 4]];
const REQUEST_FIELDS: readonly Field[] = [[40, 1], [41, 3], [44, 4], [48, 4], [52, 4], [56, 4], [60, 4], [64, 4], [68, 4], [72, 4]];
const MAPPING_FIELDS: readonly Field[] = [
  [40, 1], [41, 1], [42, 1], [43, 1], [44, 4], [48, 4], [52, 4], [56, 4], [60, 4], [64, 4], [68, 4], [72, 4], [76, 4],
  [80, 4], [84, 4], [88, 4], [92, 4], [96, 4], [100, 4], [104, 4], [108, 4], [112, 4], [116, 4],
];
const ACK_FIELDS: readonly Field[] = [[40, 1], [41, 3], [44, 4], [48, 4], [52, 4]];
const FIELDS_OF: Readonly<Record<number, readonly Field[]>> = {
  [MessageType.mapRequest]: REQUEST_FIELDS,
  [MessageType.mapReply]: MAPPING_FIELDS,
  [MessageType.cacheUpdate]: MAPPING_FIELDS,
};

/** Where a decoder may look one octet too far. */
const BORDERS = [0, 1, 15, INVARIANT_OCTETS, 39, HEADER_OCTETS, 55, ACK_OCTETS, 119, MAP_REPLY_OCTETS, 121, 123, 124];
const MOST_OCTETS = 1300;

export const MUTATIONS = ["bits", "field", "truncated", "extension", "nonce", "cookie", "spliced", "noise"] as const;
export type Mutation = (typeof MUTATIONS)[number];

/** How often each is chosen, out of all. */
const CHANCES: readonly Mutation[] = ["bits", "field", "field", "field", "field", "truncated", "extension", "extension", "nonce", "cookie", "cookie", "spliced"];

/** Makes one datagram at a time, out of one that was valid, in `bytes`. */
export class Mutator {
  readonly bytes = new Uint8Array(2048);
  length = 0;
  readonly counts: Record<Mutation | "replayed", number> = { replayed: 0, bits: 0, field: 0, truncated: 0, extension: 0, nonce: 0, cookie: 0, spliced: 0, noise: 0 };
  readonly #view = new DataView(this.bytes.buffer);
  /** One for each length, made when it is first needed. */
  readonly #exact: DataView[] = [];
  readonly #random: NextU32;
  readonly #corpus: Corpus;

  constructor(random: NextU32, corpus: Corpus) {
    this.#random = random;
    this.#corpus = corpus;
  }

  /** The datagram and nothing behind it: who reads too far gets a RangeError. */
  get view(): DataView {
    return (this.#exact[this.length] ??= new DataView(this.bytes.buffer, 0, this.length));
  }

  /** A copy of a datagram of the corpus: one in six as it was, one in a hundred nothing but noise, the others changed in one to three ways. */
  make(slot: number): void {
    this.length = this.#corpus.lengths[slot]!;
    this.bytes.set(this.#corpus.bytes[slot]!.subarray(0, this.length));
    const chance = this.#below(100);
    if (chance < 16) {
      this.counts.replayed++;
    } else if (chance === 99) {
      this.#apply("noise");
    } else {
      for (let changes = 1 + (this.#below(10) < 3 ? 1 + this.#below(2) : 0); changes > 0; changes--) this.#apply(CHANCES[this.#below(CHANCES.length)]!);
    }
  }

  #apply(mutation: Mutation): void {
    this.counts[mutation]++;
    switch (mutation) {
      case "bits":
        return this.#flipBits();
      case "field":
        return this.#changeField();
      case "truncated":
        this.length = Math.min(this.length, this.#below(2) === 0 ? BORDERS[this.#below(BORDERS.length)]! : this.#below(this.length + 1));
        return;
      case "extension":
        return this.#addExtension();
      case "nonce":
        return this.#guess(4 + this.#below(3) * 4);
      case "cookie":
        return this.#spoilCookie();
      case "spliced":
        return this.#splice();
      case "noise":
        return this.#makeNoise();
    }
  }

  #flipBits(): void {
    if (this.length === 0) return;
    for (let flips = 1 + this.#below(8); flips > 0; flips--) this.bytes[this.#below(this.length)]! ^= 1 << this.#below(8);
  }

  #changeField(): void {
    const body = FIELDS_OF[this.bytes[1]!] ?? ACK_FIELDS;
    const fields = this.#below(4) === 0 ? HEADER_FIELDS : body;
    const [offset, octets] = fields[this.#below(fields.length)]!;
    if (offset + octets > this.length) return;
    if (this.#below(6) === 0) this.#copyField(offset, octets);
    else this.#write(offset, octets, this.#interesting(this.#read(offset, octets), octets));
  }

  /** The same field of another datagram. */
  #copyField(offset: number, octets: number): void {
    const other = this.#corpus.bytes[this.#corpus.pick()]!;
    this.bytes.set(other.subarray(offset, offset + octets), offset);
  }

  #interesting(value: number, octets: number): number {
    const most = 2 ** (8 * octets) - 1;
    switch (this.#below(8)) {
      case 0:
        return 0;
      case 1:
        return most;
      case 2:
        return 2 ** (8 * octets - 1);
      case 3:
        return value + 1;
      case 4:
        return value - 1;
      case 5:
        return value + this.#below(600) - 300;
      case 6:
        return this.#below(16);
      default:
        return this.#random();
    }
  }

  #addExtension(): void {
    switch (this.#below(7)) {
      case 0:
        return this.#append(ExtensionType.padding, this.#below(200));
      case 1:
        return this.#appendShift();
      case 2:
        return this.#append(ExtensionType.trace, this.#below(2) === 0 ? 24 : this.#below(40));
      case 3:
        return this.#append(ExtensionType.loadShift, this.#below(60));
      case 4:
        return this.#append(this.#random() & 0xffff, this.#below(40));
      case 5:
        return this.#append(CRITICAL_EXTENSION | this.#below(9), this.#below(40));
      default:
        return this.#repeatTail();
    }
  }

  /** An extension whose length is true, mostly. */
  #append(type: number, octets: number): void {
    const at = this.length;
    const end = Math.min(MOST_OCTETS, at + 4 + octets);
    if (at + 4 > end) return;
    for (let octet = at; octet < end; octet++) this.bytes[octet] = this.#below(3) === 0 ? 0 : this.#random() & 255;
    this.#view.setUint16(at, type);
    this.#view.setUint16(at + 2, this.#below(8) === 0 ? this.#random() & 0xffff : end - at - 4);
    this.length = end;
  }

  #appendShift(): void {
    const alternatives = Array.from({ length: this.#below(4) }, () => (this.#below(2) === 0 ? "site2.dsoc.example" : { family: 4 as const, words: [0x0a000100 + this.#below(4), 0, 0, 0] as const }));
    const end = appendLoadShift(this.#view, this.length, MAX_DATAGRAM_OCTETS, { share: this.#below(120), holdMs: this.#random(), alternatives });
    if (end > 0) this.length = end;
  }

  /** Whatever is behind the fixed part, or some of it, once more; often beyond what a datagram may have. */
  #repeatTail(): void {
    const from = Math.min(this.length, this.#below(2) === 0 ? MAP_REPLY_OCTETS : this.#below(this.length + 1));
    const octets = Math.min(this.length - from, MOST_OCTETS - this.length);
    if (octets <= 0) return;
    this.bytes.copyWithin(this.length, from, from + octets);
    this.length += octets;
  }

  /** A forger off the path knows neither nonce nor cookies. */
  #guess(offset: number): void {
    if (offset + 4 <= this.length) this.#view.setUint32(offset, this.#random());
  }

  #spoilCookie(): void {
    if (this.length < HEADER_OCTETS) return;
    const isClients = this.#below(3) === 0;
    const [start, octets] = isClients ? [16, 8] : [24, 16];
    switch (this.#below(4)) {
      case 0:
        this.bytes.fill(0, start, start + octets);
        return;
      case 1:
        return this.#copyField(start, octets);
      case 2:
        for (let at = start; at < start + octets; at += 4) this.#view.setUint32(at, this.#random());
        return;
      default:
        this.bytes[start + this.#below(octets)]! ^= 1 << this.#below(8);
    }
  }

  /** The header of one with the body of another. */
  #splice(): void {
    const other = this.#corpus.pick();
    const length = this.#corpus.lengths[other]!;
    if (length <= HEADER_OCTETS || this.length < HEADER_OCTETS) return;
    this.bytes.set(this.#corpus.bytes[other]!.subarray(HEADER_OCTETS, length), HEADER_OCTETS);
    if (this.#below(2) === 0) this.bytes[1] = this.#corpus.bytes[other]![1]!;
    this.length = length;
  }

  #makeNoise(): void {
    this.length = this.#below(300);
    for (let at = 0; at < this.length; at++) this.bytes[at] = this.#random() & 255;
    if (this.length > 1 && this.#below(2) === 0) this.bytes.set([0xd1, 1 + this.#below(6)]);
  }

  #read(offset: number, octets: number): number {
    let value = 0;
    for (let at = offset; at < offset + octets; at++) value = value * 256 + this.bytes[at]!;
    return value;
  }

  #write(offset: number, octets: number, value: number): void {
    let rest = value;
    for (let at = offset + octets - 1; at >= offset; at--) {
      this.bytes[at] = rest & 255;
      rest = Math.floor(rest / 256);
    }
  }

  #below(bound: number): number {
    return this.#random() % bound;
  }
}
