import type { Native } from "../src/io/batch/native.ts";
import { SendBatch } from "../src/io/batch/send-batch.ts";
import { Waiter } from "../src/io/batch/waiter.ts";
import { MAP_REQUEST_OCTETS } from "../src/wire/index.ts";
import { BATCH, COOKIES_MS, LoadQuerier, hasMapping, isAnswer, isReply, nonceHi, nonceLo, wantsAcknowledgement } from "./load-querier.ts";
import { keyOf } from "./micronets.ts";
import type { UpstreamWatch } from "./miss-upstream.ts";
import { Pacer } from "./pacer.ts";
import { Samples } from "./samples.ts";
import { StampedBatch, stamp } from "./stamped-batch.ts";
import type { WallClock } from "./wall-clock.ts";

/** Requests so seldom that each is over before the next one comes. */
export interface StayLoad {
  readonly stay: true;
  readonly port: number;
  readonly micronets: number;
  readonly milliseconds: number;
  readonly perSecond: number;
  /** Each micronet is asked for once, from this one on. */
  readonly from: number;
}

/** How long requests and their answers were in the hands of a server and its kernel; microseconds. */
export interface StayResult {
  readonly p50: number;
  readonly p99: number;
  /** The first micronet that was not asked for. */
  readonly next: number;
}

const QUERIERS = 64;
const RAMP_MS = 300;
/** What has no answer by then counts as if it had stayed so long. */
const PATIENCE_MS = 300;
const RAMP = 0;
const COUNTED = 1;

/** A request on its way. Times are nanoseconds of the wall clock. */
interface Passage {
  readonly sentAt: number;
  /** At the server so far. */
  stayed: number;
  /** When it left the upstream. */
  leftUpstreamAt: number | undefined;
}

/**
 * Asks a server, and measures how long each request stays there: from when it is handed to the kernel here to when what the server sends
 * is handed to the kernel there. What it asks of an upstream in this loop in between is taken out, and so is what this loop itself is late.
 */
export class StayLoop implements UpstreamWatch {
  readonly #load: StayLoad;
  readonly #clock: WallClock;
  readonly #queriers: readonly LoadQuerier[];
  readonly #waiter: Waiter;
  readonly #receive: StampedBatch;
  readonly #send: SendBatch;
  readonly #stays: Samples;
  readonly #beside: () => void;
  /** By the lower word of the nonce, and by key: each is asked for once. */
  readonly #passages: Passage[] = [];
  readonly #byKey = new Map<number, Passage>();
  #phase = RAMP;
  /** Requests that count, less their answers. */
  #missing = 0;

  /** `beside`: what has to be done in between, in this thread: the turn of the upstream whose watch this is. */
  constructor(native: Native, clock: WallClock, load: StayLoad, beside: () => void) {
    this.#load = load;
    this.#clock = clock;
    this.#beside = beside;
    this.#queriers = Array.from({ length: QUERIERS }, () => new LoadQuerier(native));
    for (const { socket } of this.#queriers) stamp(native, socket.descriptor);
    this.#waiter = new Waiter(native, this.#queriers.map(({ socket }) => socket.descriptor));
    this.#receive = new StampedBatch(native, clock, BATCH);
    this.#send = new SendBatch(native, BATCH, MAP_REQUEST_OCTETS, { sent: 0, sendErrors: 0 }, false);
    this.#stays = new Samples(Math.ceil((load.perSecond * load.milliseconds) / 1000) + 1);
  }

  run(): StayResult {
    for (const querier of this.#queriers) {
      querier.introduce(this.#send, this.#load.port);
      this.#send.flush(querier.socket.descriptor);
    }
    this.#listenFor(COOKIES_MS);
    this.#turnFor(RAMP_MS);
    this.#phase = COUNTED;
    this.#turnFor(this.#load.milliseconds);
    this.#listenFor(PATIENCE_MS);
    for (const { socket } of this.#queriers) socket.close();
    this.#waiter.close();
    for (; this.#missing > 0; this.#missing--) this.#stays.add(PATIENCE_MS * 1e6);
    const [p50, p99] = this.#stays.percentiles(50, 99);
    return { p50, p99, next: this.#load.from + this.#passages.length };
  }

  asked(key: number, at: number): void {
    const passage = this.#byKey.get(key);
    // Asked again: the first time counts.
    if (passage === undefined || passage.leftUpstreamAt !== undefined) return;
    passage.stayed = at - passage.sentAt;
  }

  answered(key: number, at: number): void {
    const passage = this.#byKey.get(key);
    if (passage !== undefined) passage.leftUpstreamAt ??= at;
  }

  #turnFor(milliseconds: number): void {
    const pacer = new Pacer(this.#load.perSecond, 1, 1);
    const started = performance.now();
    for (let now = 0; now < milliseconds; now = performance.now() - started) {
      if (pacer.take(now) > 0) this.#ask();
      this.#takeAll();
    }
  }

  #listenFor(milliseconds: number): void {
    for (const end = performance.now() + milliseconds; performance.now() < end; ) this.#takeAll();
  }

  #ask(): void {
    const { port, micronets, from } = this.#load;
    const number = this.#passages.length;
    const querier = this.#queriers[number % QUERIERS]!;
    const key = keyOf(from + number, micronets);
    if (this.#phase === COUNTED) this.#missing++;
    querier.ask(this.#send, port, key, this.#phase, number);
    const passage: Passage = { sentAt: this.#clock.now(), stayed: 0, leftUpstreamAt: undefined };
    this.#passages.push(passage);
    this.#byKey.set(key, passage);
    this.#send.flush(querier.socket.descriptor);
  }

  #takeAll(): void {
    this.#beside();
    if (this.#waiter.wait(0) === 0) return;
    for (let index = 0; index < QUERIERS; index++) if (this.#waiter.isReady(index)) this.#take(this.#queriers[index]!);
  }

  #take(querier: LoadQuerier): void {
    const received = this.#receive.receive(querier.socket.descriptor);
    for (let datagram = 0; datagram < received; datagram++) {
      const answer = this.#receive.data(datagram);
      if (!isAnswer(answer)) continue;
      if (isReply(answer)) this.#takeReply(querier, answer);
      if (nonceHi(answer) !== COUNTED || !querier.isFirst(answer) || (isReply(answer) && !hasMapping(answer))) continue;
      this.#missing--;
      this.#stays.add(this.#stayOf(this.#passages[nonceLo(answer)]!, this.#receive.takenAt(datagram)));
    }
    if (this.#send.size > 0) this.#send.flush(querier.socket.descriptor);
  }

  #stayOf({ sentAt, stayed, leftUpstreamAt }: Passage, takenAt: number): number {
    return stayed + takenAt - (leftUpstreamAt ?? sentAt);
  }

  #takeReply(querier: LoadQuerier, reply: DataView): void {
    querier.learn(reply);
    if (!wantsAcknowledgement(reply)) return;
    if (this.#send.isFull) this.#send.flush(querier.socket.descriptor);
    querier.acknowledge(this.#send, this.#load.port, reply);
  }
}
