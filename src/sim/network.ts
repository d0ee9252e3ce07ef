import { type Engine, Transmit } from "../core/engine.ts";
import { DatagramPool } from "./datagram-pool.ts";
import { EventQueue } from "./event-queue.ts";
import { Paths } from "./paths.ts";
import type { Random } from "./random.ts";
import { PORT, type Station, StationTable, addressOf, endpointAt } from "./station.ts";
import { Trace } from "./trace.ts";
import { WakeTimes } from "./wake-times.ts";

/** What a stopped process's socket keeps for it; about 200 kB in Linux's accounting. */
const SOCKET_DATAGRAMS = 256;
/** An engine that wants to be woken more often than this at one moment would never let time pass. */
const MOST_WAKES_AT_ONCE = 10_000;

/** Sees all that goes over the network. `view` is valid for the call only. */
export interface Witness {
  sent(now: number, from: Station, to: Station | undefined, view: DataView, length: number): void;
  /** Just before an engine takes it, and after. */
  arriving(now: number, from: Station | undefined, to: Station, view: DataView, length: number, isForged: boolean): void;
  arrived(now: number, from: Station | undefined, to: Station, view: DataView, length: number, isForged: boolean): void;
  /** An engine was busy, with a datagram or a timeout. */
  stirred(now: number, station: Station): void;
  spinning(now: number, station: Station): void;
}

/**
 * Virtual time, the stations, and the datagrams between them. Time goes from event to event: a datagram arrives, something
 * planned happens, or an engine is woken.
 */
export class Network {
  now = 0;
  readonly stations = new StationTable();
  readonly pool = new DatagramPool();
  readonly trace = new Trace();
  readonly counters = { sent: 0, delivered: 0, lost: 0, unclaimed: 0, duplicated: 0, forged: 0, wakes: 0, octets: 0 };
  readonly paths: Paths;
  witness!: Witness;
  /** Datagrams that arrive, by their slots in the pool, and calls, by the complement of their numbers. */
  readonly #queue: EventQueue;
  readonly #wakes: WakeTimes;
  readonly #random: Random;
  readonly #out = new Transmit();
  readonly #calls: ((() => void) | undefined)[] = [];
  readonly #freeCalls: number[] = [];
  #wokenAt = -1;
  #wakesAtOnce = 0;

  constructor(start: number, stations: number, random: Random) {
    this.now = start;
    this.paths = new Paths(stations);
    this.#queue = new EventQueue(start);
    this.#wakes = new WakeTimes(stations);
    this.#random = random;
  }

  /** Does something at a time to come. */
  at(time: number, run: () => void): void {
    const call = this.#freeCalls.pop() ?? this.#calls.length;
    this.#calls[call] = run;
    this.#queue.add(Math.max(time, this.now), ~call);
  }

  after(microseconds: number, run: () => void): void {
    this.at(this.now + microseconds, run);
  }

  /** Lets time pass until then. */
  runUntil(end: number): void {
    for (;;) {
      const eventAt = this.#queue.next;
      const wakeAt = this.#wakes.next;
      const next = eventAt < wakeAt ? eventAt : wakeAt;
      if (next > end) break;
      if (next > this.now) this.now = next;
      // At one moment timers run before datagrams, as after a pause (docs/protocol.md section 7.5).
      if (wakeAt <= eventAt) this.#wake();
      else this.#happen();
    }
    this.now = Math.max(this.now, end);
  }

  /** Starts a process on a station, or puts another in its place. */
  boot<E extends Engine>(station: Station<E>, engine: E): void {
    station.engine = engine;
    station.held = undefined;
    station.bootedAt = this.now;
    station.boots++;
    this.settle(station);
  }

  crash(station: Station): void {
    station.engine = undefined;
    this.#letGo(station);
    this.#wakes.set(station.index, Infinity);
  }

  /** Stops a process where it is; its socket goes on taking datagrams. */
  suspend(station: Station): void {
    station.held = [];
    this.#wakes.set(station.index, Infinity);
  }

  /** Lets a stopped process go on: first what is due, then `catchUp`, then the datagrams that wait. */
  resume(station: Station, catchUp: () => void): void {
    const waiting = station.held ?? [];
    station.held = undefined;
    this.#runTimers(station);
    catchUp();
    for (const slot of waiting) this.#arrive(station, slot);
  }

  /** Sends what an engine has ready, and notes when it wants to be woken. Call after it was spoken to directly. */
  settle(station: Station): void {
    const { engine } = station;
    if (engine === undefined || station.held !== undefined) return;
    const out = this.#out;
    while (engine.pollTransmit(out)) {
      const { peers } = engine;
      const from = station.endpoints[peers.link(out.peer)]!;
      this.#send(station, from, endpointAt(peers.word(out.peer, 0)));
    }
    this.#wakes.set(station.index, engine.pollTimeout());
    this.witness.stirred(this.now, station);
  }

  /** A datagram from who is not who it says: `from` is the endpoint that it claims to come from. The memory of `view` goes on to a whole word. */
  forge(from: number, to: number, view: DataView, length: number, delay: number): void {
    this.counters.forged++;
    const words = new Int32Array(view.buffer, view.byteOffset, (length + 3) >> 2);
    this.#queue.add(this.now + delay, this.pool.keep(from, to, words, length, true));
  }

  /** Sends what was taken from an engine last. */
  #send(station: Station, from: number, to: number): void {
    const { counters, paths } = this;
    const { view, words, length } = this.#out;
    counters.sent++;
    const target = this.stations.at(to);
    this.witness.sent(this.now, station, target, view, length);
    if (target === undefined) {
      counters.unclaimed++;
      return;
    }
    const path = paths.of(station.index, target.index);
    if (paths.loses(this.now, path, this.#random)) {
      counters.lost++;
      return;
    }
    this.#queue.add(this.now + paths.travel(path, this.#random), this.pool.keep(from, to, words, length, false));
    if (!paths.duplicates(path, this.#random)) return;
    counters.duplicated++;
    this.#queue.add(this.now + paths.travel(path, this.#random), this.pool.keep(from, to, words, length, false));
  }

  #happen(): void {
    const event = this.#queue.take();
    if (event >= 0) this.#deliver(event);
    else this.#call(~event);
  }

  #call(call: number): void {
    const run = this.#calls[call]!;
    this.#calls[call] = undefined;
    this.#freeCalls.push(call);
    run();
  }

  #deliver(slot: number): void {
    const station = this.stations.at(this.pool.to(slot));
    if (station?.engine === undefined) {
      this.counters.lost++;
      this.#noteLost(slot, station);
      this.pool.release(slot);
    } else if (station.held === undefined) {
      this.#arrive(station, slot);
    } else if (station.held.length < SOCKET_DATAGRAMS) {
      station.held.push(slot);
    } else {
      this.counters.lost++;
      this.pool.release(slot);
    }
  }

  #noteLost(slot: number, to: Station | undefined): void {
    const from = this.stations.at(this.pool.from(slot));
    if (from !== undefined && to !== undefined) this.paths.trouble(this.now, this.paths.of(from.index, to.index));
  }

  #arrive(station: Station, slot: number): void {
    const { now, pool, witness } = this;
    const engine = station.engine!;
    const view = pool.view(slot);
    const length = pool.length(slot);
    const from = pool.from(slot);
    const to = pool.to(slot);
    const isForged = pool.isForged(slot);
    this.counters.delivered++;
    this.counters.octets += length;
    this.trace.note(now, from, to, pool.hash(slot));
    if (this.#wakes.at(station.index) <= now) this.#runTimers(station);
    const sender = this.stations.at(from);
    witness.arriving(now, sender, station, view, length, isForged);
    const peer = engine.peers.intern(this.stations.linkOf(to), 4, addressOf(from), 0, 0, 0, PORT);
    if (peer >= 0) engine.handleDatagram(now, peer, view, length);
    witness.arrived(now, sender, station, view, length, isForged);
    pool.release(slot);
    this.settle(station);
  }

  #wake(): void {
    const station = this.stations.all[this.#wakes.first]!;
    this.#wakesAtOnce = this.#wokenAt === this.now ? this.#wakesAtOnce + 1 : 0;
    this.#wokenAt = this.now;
    if (this.#wakesAtOnce > MOST_WAKES_AT_ONCE) this.witness.spinning(this.now, station);
    this.#runTimers(station);
  }

  #runTimers(station: Station): void {
    this.counters.wakes++;
    station.engine!.handleTimeout(this.now);
    this.settle(station);
  }

  #letGo(station: Station): void {
    for (const slot of station.held ?? []) this.pool.release(slot);
    station.held = undefined;
  }
}
