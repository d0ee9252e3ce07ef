import type { NextU32 } from "../../src/core/next-u32.ts";
import { seeded } from "../support/virtual-network.ts";
import { Accounts } from "./accounts.ts";
import { checkAnswers, checkBounds, checkDrained } from "./checks.ts";
import { Corpus } from "./corpus.ts";
import { Mutator } from "./mutation.ts";
import type { Endpoint } from "./network.ts";
import type { EngineStation, Source } from "./stations.ts";
import { CACHING_SECONDS, type EngineName, FuzzWorld } from "./world.ts";

const SECOND = 1_000_000;
const HOUR = 3600 * SECOND;
/** Longer than anything lives that an attacker may have brought in: mapping, promises and floors have an hour. */
const LONG_DRAIN = HOUR + 5 * CACHING_SECONDS * SECOND;
/** Longer than what honest answers bring lives: what was in use is fetched once more, at each server of the chain in turn. */
const DRAIN = 5 * CACHING_SECONDS * SECOND;
/** How often bounds are checked and the caller is told. */
const CHUNK = 10_000;

export interface CampaignOptions {
  readonly engine: EngineName;
  readonly datagrams: number;
  readonly seed: number;
  /** Called now and then, with how many hostile datagrams have been delivered. */
  readonly onProgress?: (done: number) => void;
}

export interface CampaignResult {
  readonly hostile: number;
  /** Valid ones that the network delivered besides. */
  readonly valid: number;
  readonly virtualSeconds: number;
  readonly mutations: Readonly<Record<string, number>>;
  /** Datagrams that sources without a cookie were sent, of those that came from them. */
  readonly forged: number;
  readonly answered: number;
  readonly peerTableFull: number;
  /** Datagrams that the engine under attack sent. */
  readonly sent: number;
}

/** Attacks one engine of a small world until `datagrams` hostile ones are delivered, then lets it recover. Throws FuzzFailure. */
export function runCampaign(options: CampaignOptions): CampaignResult {
  const campaign = new Campaign(options);
  campaign.attack();
  campaign.recover();
  return campaign.result;
}

class Campaign {
  readonly #options: CampaignOptions;
  readonly #random: NextU32;
  readonly #world: FuzzWorld;
  readonly #target: EngineStation;
  readonly #corpus: Corpus;
  readonly #mutator: Mutator;
  readonly #accounts: Accounts;
  /** Endpoints of the world, as sources. */
  readonly #known = new Map<number, Source>();
  #restartAt = Infinity;
  #done = 0;
  #forged = 0;

  constructor(options: CampaignOptions) {
    this.#options = options;
    this.#random = seeded(options.seed);
    this.#world = new FuzzWorld(this.#random);
    this.#target = this.#world.target(options.engine);
    this.#corpus = new Corpus(this.#random);
    this.#mutator = new Mutator(this.#random, this.#corpus);
    this.#accounts = new Accounts(this.#random);
    this.#target.outlet = (engine, peer, length) => {
      this.#accounts.noteSent(engine, peer, length);
    };
    this.#listen();
  }

  get result(): CampaignResult {
    const { network } = this.#world;
    return {
      hostile: this.#done,
      valid: network.delivered,
      virtualSeconds: Math.round(network.now / SECOND),
      mutations: this.#mutator.counts,
      forged: this.#forged,
      answered: this.#accounts.answered,
      peerTableFull: this.#target.peerTableFull,
      sent: this.#target.sent,
    };
  }

  attack(): void {
    const { network } = this.#world;
    while (this.#corpus.size < 64) this.#live(network.now + 10_000);
    const { datagrams, onProgress } = this.#options;
    let checked = 0;
    while (this.#done < datagrams) {
      this.#live(network.now + this.#pause());
      for (let burst = 1 + this.#below(4); burst > 0 && this.#done < datagrams; burst--) this.#strike();
      if (this.#done - checked < CHUNK) continue;
      checked = this.#done;
      checkBounds(this.#world);
      onProgress?.(this.#done);
    }
  }

  /** Peace; after a while nothing of the attack is left, and everything works. */
  recover(): void {
    const world = this.#world;
    const { network } = world;
    network.isHostile = false;
    world.restartSecondSite();
    network.runTo(network.now + LONG_DRAIN);
    world.drainEvents();
    checkDrained(world);
    checkAnswers(world);
    network.runTo(network.now + DRAIN);
    world.drainEvents();
    checkDrained(world);
  }

  /** The world goes on: somebody asks, mapping changes, a site dies or comes back. */
  #live(until: number): void {
    const world = this.#world;
    if (this.#below(30) === 0) world.ask();
    if (this.#below(300) === 0) world.change();
    if (this.#below(20_000) === 0) world.shift();
    if (world.network.now >= this.#restartAt) {
      this.#restartAt = Infinity;
      world.restartSecondSite();
    } else if (this.#restartAt === Infinity && this.#below(20_000) === 0) {
      this.#restartAt = world.network.now + this.#below(20 * SECOND);
      world.endSecondSite();
    }
    world.network.runTo(until);
    world.drainEvents();
  }

  /** Mostly a fraction of a millisecond; now and then long enough that something times out, expires or is renewed. */
  #pause(): number {
    const chance = this.#below(200_000);
    if (chance === 0) return HOUR + this.#below(12 * HOUR);
    if (chance < 100) return this.#below(20 * SECOND);
    return this.#below(400);
  }

  /** One hostile datagram. */
  #strike(): void {
    const slot = this.#corpus.pick();
    this.#mutator.make(slot);
    const { view, length } = this.#mutator;
    const { now } = this.#world.network;
    const isForged = this.#below(2) === 0;
    const link = this.#linkFor(slot);
    this.#done++;
    if (isForged) {
      const index = this.#accounts.pick();
      this.#accounts.noteReceived(now, index, length);
      this.#forged++;
      this.#target.inject(now, link, this.#accounts.source(index), view, length);
    } else {
      this.#target.inject(now, link, this.#knownSource(slot), view, length);
    }
  }

  /** The endpoint it went to, where it went to the target; now and then another one. */
  #linkFor(slot: number): number {
    const links = this.#target.endpoints.length;
    const link = this.#corpus.links[slot]!;
    return link < 0 || this.#below(16) === 0 ? this.#below(links) : link;
  }

  /** Whoever sent it; now and then somebody else of the world. */
  #knownSource(slot: number): Source {
    const { word, port } = this.#corpus.from[this.#below(8) === 0 ? this.#corpus.pick() : slot]!;
    const key = word * 65_536 + port;
    let source = this.#known.get(key);
    if (source === undefined) {
      source = { family: 4, words: [word, 0, 0, 0], port };
      this.#known.set(key, source);
    }
    return source;
  }

  /** Overhears the wire: all that goes to the target, some of the rest. */
  #listen(): void {
    this.#world.network.tap = (from: Endpoint, to, link, bytes, length) => {
      if (to === this.#target) this.#corpus.add(from, link, bytes, length);
      else if (this.#below(16) === 0) this.#corpus.add(from, -1, bytes, length);
    };
  }

  #below(bound: number): number {
    return this.#random() % bound;
  }
}
