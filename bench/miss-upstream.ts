import { type Engine, Transmit } from "../src/core/engine.ts";
import { NO_PEER } from "../src/core/link/peer-table.ts";
import type { Native } from "../src/io/batch/native.ts";
import { SendBatch } from "../src/io/batch/send-batch.ts";
import { UdpSocket } from "../src/io/batch/udp-socket.ts";
import { now } from "../src/io/clock.ts";
import { MAX_DATAGRAM_OCTETS } from "../src/wire/index.ts";
import { BATCH, LOOPBACK, isRequest, requestedKey } from "./load-querier.ts";
import { StampedBatch, stamp } from "./stamped-batch.ts";
import type { WallClock } from "./wall-clock.ts";

/** Told of each Map Request when it has come and when it has been answered; nanoseconds of the wall clock. */
export interface UpstreamWatch {
  /** When the kernel had taken it. */
  asked(key: number, at: number): void;
  /** Just before the answer is handed to the kernel. */
  answered(key: number, at: number): void;
}

/** Runs an engine on one socket, and tells what it was asked when. Whoever has a thread calls `turn` again and again. */
export class MissUpstream {
  watch: UpstreamWatch | undefined;
  readonly #engine: Engine;
  readonly #clock: WallClock;
  readonly #socket: UdpSocket;
  readonly #receive: StampedBatch;
  readonly #send: SendBatch;
  readonly #out = new Transmit();

  /** Throws ListenError. */
  constructor(native: Native, clock: WallClock, engine: Engine) {
    this.#engine = engine;
    this.#clock = clock;
    this.#socket = new UdpSocket(native, LOOPBACK, 0, { withDestination: false });
    stamp(native, this.#socket.descriptor);
    this.#receive = new StampedBatch(native, clock, BATCH);
    this.#send = new SendBatch(native, BATCH, MAX_DATAGRAM_OCTETS, { sent: 0, sendErrors: 0 });
  }

  get port(): number {
    return this.#socket.port;
  }

  /** Does what is due, and takes what has come; never waits. */
  turn(): void {
    const time = now();
    if (this.#engine.pollTimeout() <= time) {
      this.#engine.handleTimeout(time);
      this.#flush();
    }
    const received = this.#receive.receive(this.#socket.descriptor);
    for (let datagram = 0; datagram < received; datagram++) {
      if (this.watch !== undefined && isRequest(this.#receive.data(datagram))) this.#takeWatched(time, datagram, this.watch);
      else this.#take(time, datagram);
    }
    if (received > 0) this.#flush();
  }

  /** By itself, so that its answer is what leaves then. */
  #takeWatched(time: number, datagram: number, watch: UpstreamWatch): void {
    const key = requestedKey(this.#receive.data(datagram));
    watch.asked(key, this.#receive.takenAt(datagram));
    this.#take(time, datagram);
    watch.answered(key, this.#clock.now());
    this.#flush();
  }

  #take(time: number, datagram: number): void {
    const { peers } = this.#engine;
    const peer = peers.intern(0, 4, this.#receive.word(datagram), 0, 0, 0, this.#receive.port(datagram));
    if (peer !== NO_PEER) this.#engine.handleDatagram(time, peer, this.#receive.data(datagram), this.#receive.length(datagram));
  }

  #flush(): void {
    const { peers } = this.#engine;
    const { descriptor } = this.#socket;
    while (this.#engine.pollTransmit(this.#out)) {
      const { peer, bytes, length } = this.#out;
      this.#send.add(bytes, length, 4, peers.word(peer, 0), 0, 0, 0, peers.port(peer));
      if (this.#send.isFull) this.#send.flush(descriptor);
    }
    if (this.#send.size > 0) this.#send.flush(descriptor);
  }
}
