import { type IpAddress, formatEndpoint, parseIp } from "../../src/address/index.ts";
import { type Engine, Transmit } from "../../src/core/engine.ts";

/** A deterministic stand-in for crypto randomness: xorshift32. */
export function seeded(seed: number): () => number {
  let state = (Math.imul(seed, 0x9e3779b1) | 1) >>> 0;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

export interface Datagram {
  readonly from: string;
  readonly to: string;
  readonly bytes: Uint8Array;
}

/** Anything that takes datagrams at an endpoint. */
export interface Station {
  receive(now: number, datagram: Datagram): void;
  /** When it wants to be woken; Infinity for never. */
  wakeAt(): number;
  wake(now: number): void;
}

interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** Stations, one-way delays between them, and virtual time in microseconds. */
export class VirtualNetwork {
  now = 0;
  /** One-way delay in microseconds. */
  delay: (from: string, to: string) => number = () => 1_000;
  /** Whether a datagram is lost on its way. */
  loses: (datagram: Datagram) => boolean = () => false;
  delivered = 0;
  readonly #stations = new Map<string, Station>();
  #events: Event[] = [];
  #order = 0;

  attach(endpoint: string, station: Station): void {
    this.#stations.set(endpoint, station);
  }

  detach(endpoint: string): void {
    this.#stations.delete(endpoint);
  }

  send(datagram: Datagram): void {
    if (this.loses(datagram)) return;
    this.at(this.now + this.delay(datagram.from, datagram.to), () => {
      this.delivered++;
      this.#stations.get(datagram.to)?.receive(this.now, datagram);
    });
  }

  at(time: number, run: () => void): void {
    const event = { at: time, order: this.#order++, run };
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#events[middle]!.at > event.at) low = middle + 1;
      else high = middle;
    }
    this.#events.splice(low, 0, event);
  }

  /** Lets time pass. */
  run(microseconds: number): void {
    const end = this.now + microseconds;
    while (this.#step(end));
    this.now = end;
  }

  /** Lets time pass until something is so; throws when it is not by then. */
  runUntil(condition: () => boolean, microseconds: number): void {
    const end = this.now + microseconds;
    while (!condition()) {
      if (!this.#step(end)) throw new Error(`not so after ${microseconds / 1e6} virtual seconds`);
    }
  }

  #step(end: number): boolean {
    const stations = [...new Set(this.#stations.values())];
    const wakeAt = Math.min(...stations.map((station) => station.wakeAt()));
    const event = this.#events.at(-1);
    const next = Math.max(this.now, Math.min(wakeAt, event?.at ?? Infinity));
    if (next > end) return false;
    this.now = next;
    if (event !== undefined && event.at <= next && event.at <= wakeAt) {
      this.#events.pop();
      event.run();
    } else {
      for (const station of stations) if (station.wakeAt() <= next) station.wake(next);
    }
    return true;
  }
}

/** Runs an engine in the network: its links are endpoints of their own. */
export class EngineStation implements Station {
  readonly engine: Engine;
  readonly #network: VirtualNetwork;
  readonly #endpoints: readonly string[];
  readonly #out = new Transmit();

  constructor(network: VirtualNetwork, engine: Engine, endpoints: readonly string[]) {
    this.engine = engine;
    this.#network = network;
    this.#endpoints = endpoints;
    for (const endpoint of endpoints) network.attach(endpoint, this);
  }

  receive(now: number, { from, to, bytes }: Datagram): void {
    if (this.engine.pollTimeout() <= now) this.engine.handleTimeout(now);
    const { address, port } = splitEndpoint(from);
    const peer = this.engine.peers.intern(this.#endpoints.indexOf(to), address.family, ...address.words, port);
    this.engine.handleDatagram(now, peer, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), bytes.length);
    this.flush();
  }

  wakeAt(): number {
    return this.engine.pollTimeout();
  }

  wake(now: number): void {
    this.engine.handleTimeout(now);
    this.flush();
  }

  /** Sends what the engine has ready; needed after it was spoken to directly. */
  flush(): void {
    while (this.engine.pollTransmit(this.#out)) {
      const { peer, bytes, length } = this.#out;
      const { peers } = this.engine;
      const to = formatEndpoint({ family: peers.family(peer), words: peers.words(peer) }, peers.port(peer));
      this.#network.send({ from: this.#endpoints[peers.link(peer)]!, to, bytes: bytes.slice(0, length) });
    }
  }

  leave(): void {
    for (const endpoint of this.#endpoints) this.#network.detach(endpoint);
  }

  rejoin(): void {
    for (const endpoint of this.#endpoints) this.#network.attach(endpoint, this);
  }
}

export function splitEndpoint(endpoint: string): { address: IpAddress; port: number } {
  const colon = endpoint.lastIndexOf(":");
  const host = endpoint.slice(0, colon).replace(/^\[|\]$/g, "");
  return { address: parseIp(host), port: Number(endpoint.slice(colon + 1)) };
}
