import type { Engine } from "../../src/core/engine.ts";
import type { NextU32 } from "../../src/core/next-u32.ts";
import { FuzzFailure } from "./failure.ts";
import type { Source } from "./stations.ts";

/** Sources of one family, in address space that nobody of the world has. */
const COUNT = 32_768;
const IPV4 = 0x0a800000;
const IPV6 = 0x20010db8;
/** What a source sent may be answered for so long (twice, at most): longer than any answer takes. */
const PERIOD = 5_000_000;

/**
 * The sources that never had a cookie, and what each may still be sent: no more octets and no more datagrams than came in
 * its name a moment ago.
 */
export class Accounts {
  /** Datagrams that such sources were sent. */
  answered = 0;
  readonly #random: NextU32;
  readonly #sources: readonly Source[];
  readonly #octets = new Int32Array(2 * COUNT);
  readonly #datagrams = new Int32Array(2 * COUNT);
  readonly #newOctets = new Int32Array(2 * COUNT);
  readonly #newDatagrams = new Int32Array(2 * COUNT);
  #periodEnds = PERIOD;

  constructor(random: NextU32) {
    this.#random = random;
    this.#sources = Array.from({ length: 2 * COUNT }, (_, index) => {
      const host = index % COUNT;
      const port = 1024 + (host % 60_000);
      return index < COUNT ? { family: 4, words: [IPV4 + host, 0, 0, 0], port } : { family: 6, words: [IPV6, host, 0, 1], port };
    });
  }

  /** One of the sources: few are used again and again, so that state of theirs would add up. */
  pick(): number {
    const isRegular = this.#random() % 2 === 0;
    return (this.#random() % (isRegular ? 32 : COUNT)) + (this.#random() % 4 === 0 ? COUNT : 0);
  }

  source(index: number): Source {
    return this.#sources[index]!;
  }

  noteReceived(now: number, index: number, octets: number): void {
    if (now >= this.#periodEnds) this.#closePeriod(now);
    this.#octets[index]! += octets;
    this.#datagrams[index]!++;
    this.#newOctets[index]! += octets;
    this.#newDatagrams[index]!++;
  }

  /** What an engine sends: throws when it goes to a source that has not paid for it. */
  noteSent(engine: Engine, peer: number, octets: number): void {
    const index = this.#indexOf(engine, peer);
    if (index < 0) return;
    this.answered++;
    this.#octets[index]! -= octets;
    this.#datagrams[index]!--;
    if (this.#octets[index]! >= 0 && this.#datagrams[index]! >= 0) return;
    throw new FuzzFailure(`source ${index}, which never had a cookie, got ${-this.#octets[index]!} octets and ${-this.#datagrams[index]!} datagrams more than it sent`);
  }

  #closePeriod(now: number): void {
    this.#periodEnds = now + PERIOD;
    for (let index = 0; index < 2 * COUNT; index++) {
      this.#octets[index] = Math.min(this.#octets[index]!, this.#newOctets[index]!);
      this.#datagrams[index] = Math.min(this.#datagrams[index]!, this.#newDatagrams[index]!);
    }
    this.#newOctets.fill(0);
    this.#newDatagrams.fill(0);
  }

  #indexOf({ peers }: Engine, peer: number): number {
    const word = peers.word(peer, 0);
    if (peers.family(peer) === 6) return word === IPV6 ? COUNT + peers.word(peer, 1) : -1;
    return word >= IPV4 && word < IPV4 + COUNT ? word - IPV4 : -1;
  }
}
