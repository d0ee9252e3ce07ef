import type { Native } from "../src/io/batch/native.ts";
import { ReceiveBatch } from "../src/io/batch/receive-batch.ts";
import { SendBatch } from "../src/io/batch/send-batch.ts";
import { Waiter } from "../src/io/batch/waiter.ts";
import { MAP_REQUEST_OCTETS, MAX_DATAGRAM_OCTETS } from "../src/wire/index.ts";
import { keyOf } from "./micronets.ts";
import { BATCH, COOKIES_MS, LoadQuerier, hasMapping, isPromised, isReply } from "./load-querier.ts";

export interface ClosedLoad {
  readonly port: number;
  readonly micronets: number;
  /** For how long; undefined: until each micronet was asked for once. */
  readonly milliseconds: number | undefined;
  /** Requests that each querier has in flight; WINDOW unless it is said. */
  readonly window?: number;
  /** Whether what one querier asks at a time leaves as one message, which the kernel cuts (UDP_SEGMENT). */
  readonly isJoined?: boolean;
}

export interface ClosedResult {
  readonly answers: number;
  /** Of them, those with a mapping and a promise of updates. */
  readonly promised: number;
  readonly seconds: number;
  readonly cpuMicroseconds: number;
}

export const QUERIERS = 64;
export const WINDOW = 16;
/** Requests that have had no answer for so long are lost: others take their places. */
const LOST_AFTER = 100_000;

/** So many queriers, each of which keeps so many requests in flight: the server is asked as fast as it answers. */
export class ClosedLoop {
  readonly #queriers: readonly LoadQuerier[];
  readonly #waiter: Waiter;
  readonly #receive: ReceiveBatch;
  readonly #send: SendBatch;
  readonly #load: ClosedLoad;
  readonly #window: number;
  #asked = 0;
  #answers = 0;
  #promised = 0;

  constructor(native: Native, load: ClosedLoad) {
    this.#load = load;
    this.#window = load.window ?? WINDOW;
    this.#queriers = Array.from({ length: QUERIERS }, () => new LoadQuerier(native));
    this.#waiter = new Waiter(native, this.#queriers.map(({ socket }) => socket.descriptor));
    this.#receive = new ReceiveBatch(native, BATCH, MAX_DATAGRAM_OCTETS);
    this.#send = new SendBatch(native, BATCH, MAP_REQUEST_OCTETS, { sent: 0, sendErrors: 0 }, load.isJoined === true);
  }

  run(): ClosedResult {
    const { milliseconds } = this.#load;
    for (const querier of this.#queriers) {
      querier.introduce(this.#send, this.#load.port);
      this.#send.flush(querier.socket.descriptor);
    }
    this.#turnUntil(performance.now() + COOKIES_MS);
    this.#asked = 0;
    this.#answers = 0;
    this.#promised = 0;
    const before = process.cpuUsage();
    const started = performance.now();
    for (const querier of this.#queriers) this.#ask(querier, this.#window);
    this.#turnUntil(milliseconds === undefined ? Infinity : started + milliseconds);
    const { user, system } = process.cpuUsage(before);
    const result = { answers: this.#answers, promised: this.#promised, seconds: (performance.now() - started) / 1000, cpuMicroseconds: user + system };
    for (const { socket } of this.#queriers) socket.close();
    this.#waiter.close();
    return result;
  }

  #turnUntil(end: number): void {
    while (performance.now() < end && !this.#isDone) {
      if (this.#waiter.wait(LOST_AFTER) === 0) for (const querier of this.#queriers) this.#ask(querier, this.#window);
      for (const [index, querier] of this.#queriers.entries()) if (this.#waiter.isReady(index)) this.#take(querier);
    }
  }

  get #isDone(): boolean {
    return this.#load.milliseconds === undefined && this.#answers >= this.#load.micronets;
  }

  #take(querier: LoadQuerier): void {
    const received = this.#receive.receive(querier.socket.descriptor);
    this.#answers += received;
    for (let datagram = 0; datagram < received; datagram++) {
      const reply = this.#receive.data(datagram);
      if (!isReply(reply)) continue;
      querier.learn(reply);
      if (isPromised(reply) && hasMapping(reply)) this.#promised++;
    }
    this.#ask(querier, received);
  }

  #ask(querier: LoadQuerier, requests: number): void {
    const { port, micronets, milliseconds } = this.#load;
    for (let request = 0; request < requests; request++) {
      if (this.#send.isFull) this.#send.flush(querier.socket.descriptor);
      const number = this.#asked++;
      const micronet = milliseconds === undefined ? number % micronets : Math.floor(Math.random() * micronets);
      querier.ask(this.#send, port, keyOf(micronet, micronets), 0, number);
    }
    this.#send.flush(querier.socket.descriptor);
  }
}
