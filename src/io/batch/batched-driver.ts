import { formatEndpoint, isUnspecified } from "../../address/index.ts";
import { type Engine, MOST_FORESEEN, Transmit } from "../../core/engine.ts";
import { NO_PEER } from "../../core/link/peer-table.ts";
import { MAX_DATAGRAM_OCTETS } from "../../wire/index.ts";
import { now } from "../clock.ts";
import type { Binding } from "../udp-driver.ts";
import type { Native } from "./native.ts";
import { PauseCounts, type PauseReport } from "./pause-counts.ts";
import { ReceiveBatch } from "./receive-batch.ts";
import { SendBatch, type SendCounters } from "./send-batch.ts";
import { UdpSocket } from "./udp-socket.ts";
import { Vigil } from "./vigil.ts";
import { Waiter } from "./waiter.ts";

const BATCH = MOST_FORESEEN;
/** More than the longest message: what is cut off is none, and seen to be none. */
const RECEIVE_OCTETS = MAX_DATAGRAM_OCTETS + 16;

/** One socket of the engine, with what comes and goes on it. */
class Link {
  readonly index: number;
  readonly socket: UdpSocket;
  readonly receive: ReceiveBatch;
  readonly send: SendBatch;
  /** By peer: to which of this machine's addresses it spoke last, four words each; undefined on a socket that has but one. */
  readonly spokenTo: Uint32Array | undefined;

  constructor(native: Native, index: number, { address, port, sharing }: Binding, peers: number, counters: SendCounters) {
    this.index = index;
    const withDestination = isUnspecified(address);
    this.socket = new UdpSocket(native, address, port, { withDestination, sharing });
    this.receive = new ReceiveBatch(native, BATCH, RECEIVE_OCTETS);
    this.send = new SendBatch(native, BATCH, MAX_DATAGRAM_OCTETS, counters);
    this.spokenTo = withDestination ? new Uint32Array(4 * peers) : undefined;
  }
}

/**
 * Runs an engine on UDP sockets, one for each link, with system calls for whole batches of datagrams. It has no thread of its
 * own: whoever has one calls `turn` again and again, which waits where there is nothing to do.
 */
export class BatchedDriver {
  readonly counters = { received: 0, sent: 0, sendErrors: 0, portZero: 0, oddSources: 0, peerTableFull: 0 };
  readonly #engine: Engine;
  readonly #links: readonly Link[];
  readonly #waiter: Waiter;
  readonly #out = new Transmit();
  readonly #pauses = new PauseCounts();
  readonly #vigil = new Vigil();
  /** When the last wait ended; microseconds. */
  #busySince = Infinity;

  /** Binds a socket for each link, in order. Throws ListenError. */
  constructor(native: Native, engine: Engine, bindings: readonly Binding[]) {
    this.#engine = engine;
    const links: Link[] = [];
    try {
      for (const [index, binding] of bindings.entries()) links.push(new Link(native, index, binding, engine.peers.capacity, this.counters));
    } catch (error) {
      for (const { socket } of links) socket.close();
      throw error;
    }
    this.#links = links;
    this.#waiter = new Waiter(native, links.map(({ socket }) => socket.descriptor));
  }

  /** Address and port of a link, as bound. */
  endpoint(link: number): string {
    const { address, port } = this.#links[link]!.socket;
    return formatEndpoint(address, port);
  }

  /** Another thread that writes a 64-bit number, one, to this file descriptor ends a wait. Who has it closes it, after this driver. */
  get alarm(): number {
    return this.#waiter.alarm;
  }

  /**
   * Does what is due, then takes a batch from each socket that has something, waiting for that no longer than `longest`
   * microseconds nor until the engine's next timeout. True when the alarm was what ended the wait.
   */
  turn(longest: number): boolean {
    this.#runTimers(now());
    const waiter = this.#waiter;
    const idleAt = now();
    this.#pauses.note(Math.max(0, idleAt - this.#busySince));
    const ready = this.#watch(idleAt) || waiter.wait(Math.max(0, Math.min(longest, this.#engine.pollTimeout() - now())));
    const time = now();
    this.#busySince = time;
    if (ready === 0) return false;
    this.#runTimers(time);
    for (const link of this.#links) if (waiter.isReady(link.index)) this.#receive(time, link);
    this.#flush();
    return waiter.takeAlarm();
  }

  /** For how long datagrams had to wait at least, from one wait for them to the next. */
  get pauses(): PauseReport {
    return this.#pauses.report();
  }

  /** Sends what the engine has ready; call it after speaking to the engine directly. */
  wake(): void {
    this.#runTimers(now());
    this.#flush();
  }

  close(): void {
    for (const { socket } of this.#links) socket.close();
  }

  /** Stays awake for a reply that is near; gives how many sockets have something. */
  #watch(time: number): number {
    const { nearReplyBy = 0 } = this.#engine;
    return nearReplyBy > time ? this.#vigil.keep(now, Math.min(nearReplyBy, this.#engine.pollTimeout()), this.#look) : 0;
  }

  readonly #look = (): number => this.#waiter.wait(0);

  #runTimers(time: number): void {
    if (this.#engine.pollTimeout() > time) return;
    this.#engine.handleTimeout(time);
    this.#flush();
  }

  #receive(time: number, link: Link): void {
    const { receive } = link;
    const received = receive.receive(link.socket.descriptor);
    this.counters.received += received;
    let peer = NO_PEER;
    for (let first = 0; first < received; first += BATCH) {
      // One message may have brought many: the engine has no room for more answers than it gave before.
      if (first > 0) this.#flush();
      const end = Math.min(received, first + BATCH);
      if (end - first > 1) this.#lookAhead(link, first, end);
      for (let datagram = first; datagram < end; datagram++) {
        if (peer === NO_PEER || !receive.follows(datagram)) peer = this.#senderOf(link, datagram);
        if (peer !== NO_PEER) this.#engine.handleDatagram(time, peer, receive.data(datagram), receive.length(datagram));
      }
    }
  }

  /** Lets the engine look at what some datagrams will need. Who sent them is met when they are taken: so that nobody's number changes hands in between. */
  #lookAhead({ index, receive }: Link, first: number, end: number): void {
    const { foresight, peers } = this.#engine;
    if (foresight === undefined || !foresight.isWorthIt) return;
    let peer = NO_PEER;
    for (let datagram = first; datagram < end; datagram++) {
      if (datagram === first || !receive.follows(datagram)) {
        const family = receive.family(datagram);
        peer = peers.find(index, family, receive.word(datagram, family, 0), receive.word(datagram, family, 1), receive.word(datagram, family, 2), receive.word(datagram, family, 3), receive.port(datagram));
      }
      foresight.note(peer, receive.data(datagram), receive.length(datagram));
    }
    foresight.look();
  }

  /** The peer that a datagram came from; NO_PEER for one that is not to be heard. */
  #senderOf({ index, receive, spokenTo }: Link, datagram: number): number {
    const port = receive.port(datagram);
    if (port === 0) {
      this.counters.portZero++;
      return NO_PEER;
    }
    const family = receive.family(datagram);
    if (family === 6 && isLinkLocal(receive.word(datagram, 6, 0))) {
      this.counters.oddSources++;
      return NO_PEER;
    }
    const peer = this.#engine.peers.intern(index, family, receive.word(datagram, family, 0), receive.word(datagram, family, 1), receive.word(datagram, family, 2), receive.word(datagram, family, 3), port);
    if (peer === NO_PEER) this.counters.peerTableFull++;
    else if (spokenTo !== undefined) receive.destination(datagram, family, spokenTo, 4 * peer);
    return peer;
  }

  #flush(): void {
    const out = this.#out;
    const { peers } = this.#engine;
    while (this.#engine.pollTransmit(out)) {
      const { peer } = out;
      const family = peers.family(peer);
      const link = this.#links[peers.link(peer)]!;
      const { send, spokenTo } = link;
      const isApart = send.add(out.bytes, out.length, family, peers.word(peer, 0), peers.word(peer, 1), peers.word(peer, 2), peers.word(peer, 3), peers.port(peer));
      if (isApart && spokenTo !== undefined) send.from(family, spokenTo, 4 * peer);
      if (send.isFull) send.flush(link.socket.descriptor);
    }
    for (const { send, socket } of this.#links) if (send.size > 0) send.flush(socket.descriptor);
  }
}

/** fe80::/10 (RFC 4291 section 2.5.6): an address of one link, which the engine does not tell from the same on another. */
function isLinkLocal(word: number): boolean {
  return word >>> 22 === 0x3fa;
}
