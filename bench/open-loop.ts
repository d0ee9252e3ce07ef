import { readFileSync } from "node:fs";
import { parseIp } from "../src/address/index.ts";
import type { Native } from "../src/io/batch/native.ts";
import { ReceiveBatch } from "../src/io/batch/receive-batch.ts";
import { SendBatch } from "../src/io/batch/send-batch.ts";
import { Waiter } from "../src/io/batch/waiter.ts";
import { MAP_REQUEST_OCTETS, MAX_DATAGRAM_OCTETS } from "../src/wire/index.ts";
import { keyOf } from "./micronets.ts";
import { BATCH, COOKIES_MS, LoadQuerier, hasMapping, isAnswer, isOverloaded, isReply, nonceHi, nonceLo, wantsAcknowledgement } from "./load-querier.ts";
import { Pacer } from "./pacer.ts";
import { Samples } from "./samples.ts";

export interface OpenLoad {
  readonly port: number;
  readonly micronets: number;
  readonly milliseconds: number;
  /** Requests of all queriers together, whether or not they are answered. */
  readonly perSecond: number;
  /** As in ClosedLoad; requests wait until there are enough for a message. */
  readonly isJoined: boolean;
  /** Each micronet is asked for once, from this one on; left out: they are drawn evenly. */
  readonly from?: number;
  /** For how long requests are sent before any of them counts; left out: 300 ms. */
  readonly rampMs?: number;
  /** After so long without an answer none will come any more; left out: 300 ms. */
  readonly patienceMs?: number;
  /** One more querier, at another address, which asks seldom. */
  readonly polite?: { readonly address: string; readonly perSecond: number };
}

/** What became of requests. */
export interface Fate {
  asked: number;
  /** With a mapping; or sent back by an echo. */
  answered: number;
  /** The server was overloaded, or the querier beyond its limit. */
  refused: number;
  /** The server said otherwise why it has no mapping. */
  failed: number;
}

export interface OpenResult {
  readonly perSecond: number;
  /** Answers that came while requests were sent, to any of them. */
  readonly answersPerSecond: number;
  /** All that came, in the ramp and after the end too. */
  readonly answers: number;
  readonly crowd: Fate;
  readonly polite: Fate;
  /** From when a request was due to when its answer was here; microseconds. */
  readonly p50: number;
  readonly p99: number;
  /** How late requests were sent; microseconds. */
  readonly latenessP99: number;
  /** Answers that overflowed the generator's own sockets, and requests that overflowed the server's. */
  readonly lostHere: number;
  readonly lostThere: number;
  /** The first micronet that was not asked for, where each is asked for once. */
  readonly next: number;
}

const QUERIERS = 64;
const RAMP_MS = 300;
const PATIENCE_MS = 300;
/** What one querier sends at a time. */
const MOST_PLAIN = 16;
const JOINED = 64;
/** Times that requests are sent before answers have their turn. */
const SENDS_A_TURN = 16;
/** Requests in the ramp, and those that count: the upper word of the nonce. The lower one is when they were due, in nanoseconds. */
const RAMP = 0;
const COUNTED = 1;

function newFate(): Fate {
  return { asked: 0, answered: 0, refused: 0, failed: 0 };
}

/** Queriers that take turns, and what became of what they asked. */
class Crowd {
  readonly queriers: readonly LoadQuerier[];
  readonly pacer: Pacer;
  readonly fate: Fate = newFate();
  #turn = 0;

  constructor(queriers: readonly LoadQuerier[], pacer: Pacer) {
    this.queriers = queriers;
    this.pacer = pacer;
  }

  next(): LoadQuerier {
    this.#turn = (this.#turn + 1) % this.queriers.length;
    return this.queriers[this.#turn]!;
  }
}

/** Sends requests as a clock says, whatever becomes of them: an answer that is late keeps none of them back. */
export class OpenLoop {
  readonly #load: OpenLoad;
  readonly #crowds: readonly Crowd[];
  readonly #queriers: readonly LoadQuerier[];
  readonly #fateOf: readonly Fate[];
  readonly #waiter: Waiter;
  readonly #receive: ReceiveBatch;
  readonly #send: SendBatch;
  readonly #latencies: Samples;
  readonly #lateness: Samples;
  readonly #beside: () => void;
  #next: number;
  #phase = RAMP;
  #answers = 0;
  #heardAt = 0;

  /** `beside`: what has to be done in between, in this thread. */
  constructor(native: Native, load: OpenLoad, beside: () => void = () => undefined) {
    this.#load = load;
    this.#beside = beside;
    this.#next = load.from ?? 0;
    const [least, most] = load.isJoined ? [JOINED, JOINED] : [1, MOST_PLAIN];
    const crowd = new Crowd(Array.from({ length: QUERIERS }, () => new LoadQuerier(native)), new Pacer(load.perSecond, least, most));
    const polite = load.polite === undefined ? [] : [new Crowd([new LoadQuerier(native, parseIp(load.polite.address))], new Pacer(load.polite.perSecond, 1, 1))];
    this.#crowds = [crowd, ...polite];
    this.#queriers = this.#crowds.flatMap(({ queriers }) => queriers);
    this.#fateOf = this.#crowds.flatMap(({ queriers, fate }) => queriers.map(() => fate));
    this.#waiter = new Waiter(native, this.#queriers.map(({ socket }) => socket.descriptor));
    this.#receive = new ReceiveBatch(native, BATCH, MAX_DATAGRAM_OCTETS);
    this.#send = new SendBatch(native, BATCH, MAP_REQUEST_OCTETS, { sent: 0, sendErrors: 0 }, load.isJoined);
    const requests = Math.ceil((load.perSecond * load.milliseconds) / 1000);
    this.#latencies = new Samples(requests);
    this.#lateness = new Samples(requests);
  }

  run(): OpenResult {
    for (const querier of this.#queriers) {
      querier.introduce(this.#send, this.#load.port);
      this.#send.flush(querier.socket.descriptor);
    }
    for (const end = performance.now() + COOKIES_MS; performance.now() < end; ) this.#takeAll();
    this.#turnFor(this.#load.rampMs ?? RAMP_MS);
    this.#phase = COUNTED;
    const lostBefore = droppedAt(new Set([this.#load.port]));
    const inRamp = this.#answers;
    this.#answers = 0;
    const seconds = this.#turnFor(this.#load.milliseconds) / 1000;
    const answers = this.#answers;
    this.#heardAt = performance.now();
    for (const patience = this.#load.patienceMs ?? PATIENCE_MS; performance.now() < this.#heardAt + patience; ) this.#takeAll();
    const result = this.#result(seconds, answers, inRamp + this.#answers, lostBefore);
    for (const { socket } of this.#queriers) socket.close();
    this.#waiter.close();
    return result;
  }

  #result(seconds: number, inTime: number, answers: number, lostBefore: number): OpenResult {
    const [crowd, polite] = this.#crowds;
    const [p50, p99] = this.#latencies.percentiles(50, 99);
    const [latenessP99] = this.#lateness.percentiles(99);
    return {
      perSecond: crowd!.fate.asked / seconds,
      answersPerSecond: inTime / seconds,
      answers,
      crowd: crowd!.fate,
      polite: polite?.fate ?? newFate(),
      p50,
      p99,
      latenessP99,
      next: this.#next,
      lostHere: droppedAt(new Set(this.#queriers.map(({ socket }) => socket.port))),
      lostThere: droppedAt(new Set([this.#load.port])) - lostBefore,
    };
  }

  /** Gives for how long it was, in milliseconds. It never waits: who is woken is late. */
  #turnFor(milliseconds: number): number {
    const started = performance.now();
    for (const { pacer } of this.#crowds) pacer.restart();
    let now = 0;
    while (now < milliseconds) {
      for (const crowd of this.#crowds) this.#sendDue(crowd, started);
      this.#takeAll();
      now = performance.now() - started;
    }
    return now;
  }

  #sendDue(crowd: Crowd, started: number): void {
    for (let send = 0; send < SENDS_A_TURN; send++) {
      const now = performance.now();
      const requests = crowd.pacer.take(now - started);
      if (requests === 0) return;
      this.#ask(crowd.next(), requests, started, crowd.pacer);
      if (this.#phase === RAMP) continue;
      crowd.fate.asked += requests;
      if (crowd === this.#crowds[0]) this.#lateness.add((now - started - crowd.pacer.due(requests - 1)) * 1e6);
    }
  }

  #ask(querier: LoadQuerier, requests: number, started: number, pacer: Pacer): void {
    const { port, micronets, from } = this.#load;
    for (let left = requests; left > 0; left--) {
      const micronet = from === undefined ? Math.floor(Math.random() * micronets) : this.#next++;
      const key = keyOf(micronet, micronets);
      querier.ask(this.#send, port, key, this.#phase, nanoseconds(started + pacer.due(left - 1)));
    }
    this.#send.flush(querier.socket.descriptor);
  }

  #takeAll(): void {
    this.#beside();
    if (this.#waiter.wait(0) === 0) return;
    for (const [index, querier] of this.#queriers.entries()) if (this.#waiter.isReady(index)) this.#take(querier, this.#fateOf[index]!);
  }

  #take(querier: LoadQuerier, fate: Fate): void {
    const received = this.#receive.receive(querier.socket.descriptor);
    this.#heardAt = performance.now();
    const now = nanoseconds(this.#heardAt);
    for (let datagram = 0; datagram < received; datagram++) {
      const answer = this.#receive.data(datagram);
      if (!isAnswer(answer)) continue;
      if (isReply(answer)) this.#takeReply(querier, answer);
      const isGood = !isReply(answer) || hasMapping(answer);
      if (isGood) this.#answers++;
      if (nonceHi(answer) !== COUNTED || !querier.isFirst(answer)) continue;
      fate[isGood ? "answered" : isOverloaded(answer) ? "refused" : "failed"]++;
      if (isGood) this.#latencies.add((now - nonceLo(answer)) >>> 0);
    }
    if (this.#send.size > 0) this.#send.flush(querier.socket.descriptor);
  }

  #takeReply(querier: LoadQuerier, reply: DataView): void {
    querier.learn(reply);
    if (!wantsAcknowledgement(reply)) return;
    if (this.#send.isFull) this.#send.flush(querier.socket.descriptor);
    querier.acknowledge(this.#send, this.#load.port, reply);
  }
}

/** Of a time in milliseconds, as 32 bits. */
function nanoseconds(milliseconds: number): number {
  return (milliseconds * 1e6) >>> 0;
}

/** Datagrams that found no room at the sockets of these ports: the last column of /proc/net/udp. */
export function droppedAt(ports: ReadonlySet<number>): number {
  let drops = 0;
  for (const line of readFileSync("/proc/net/udp", "utf8").trim().split("\n").slice(1)) {
    const fields = line.trim().split(/\s+/);
    if (ports.has(Number.parseInt(fields[1]!.split(":")[1]!, 16))) drops += Number(fields.at(-1));
  }
  return drops;
}
