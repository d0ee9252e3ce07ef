import { type IpAddress, ipv4 } from "../address/index.ts";
import type { Engine } from "../core/engine.ts";

export const PORT = 4344;
/** Networks of the simulated world: 10.kind.group.0/24. */
const BASE = 0x0a000000;
const SPACE = 1 << 17;

export const StationKind = { qsa: 0, qsr: 1, qsc: 2, itr: 3 } as const;

export type StationKind = (typeof StationKind)[keyof typeof StationKind];

/** One machine: its addresses, where it stands, and the process that runs on it. */
export class Station<E extends Engine = Engine> {
  readonly index: number;
  readonly kind: StationKind;
  readonly name: string;
  /** Number of its place on the map. */
  readonly place: number;
  /** ISP or DSOC it belongs to. */
  readonly group: number;
  /** The last octets of its links' addresses, each an endpoint of its own. */
  readonly endpoints: readonly number[];
  /** Undefined while the machine is down. */
  engine: E | undefined;
  /** What has come while the process was stopped (SIGSTOP); undefined while it runs. */
  held: number[] | undefined;
  bootedAt = 0;
  boots = 0;

  constructor(index: number, kind: StationKind, name: string, place: number, group: number, endpoints: readonly number[]) {
    this.index = index;
    this.kind = kind;
    this.name = name;
    this.place = place;
    this.group = group;
    this.endpoints = endpoints;
  }

  get isRunning(): boolean {
    return this.engine !== undefined && this.held === undefined;
  }

  address(link: number): IpAddress {
    return ipv4(addressOf(this.endpoints[link]!));
  }
}

/** Endpoint number of a host's link: kind, group and host make its address. */
export function endpointOf(isIsp: boolean, group: number, host: number): number {
  return (isIsp ? 0 : 1 << 16) | (group << 8) | host;
}

export function addressOf(endpoint: number): number {
  return BASE | endpoint;
}

/** The endpoint that an IPv4 address is, -1 for one outside of the world. */
export function endpointAt(word: number): number {
  const endpoint = (word ^ BASE) >>> 0;
  return endpoint < SPACE ? endpoint : -1;
}

/** Of an endpoint's home, the bits that tell which link it is. */
const LINK_BITS = 3;

/** Finds stations by endpoint. */
export class StationTable {
  readonly all: Station[] = [];
  /** By endpoint: the number of its station plus one, and its link; 0 where nobody lives. */
  readonly #homes = new Int32Array(SPACE);

  add<S extends Station>(station: S): S {
    this.all.push(station);
    for (const [link, endpoint] of station.endpoints.entries()) this.#homes[endpoint] = ((station.index + 1) << LINK_BITS) | link;
    return station;
  }

  /** Undefined where nobody lives. */
  at(endpoint: number): Station | undefined {
    // Asked for what is not there, an array answers by a slower way, from then on and always.
    const home = endpoint < 0 ? 0 : this.#homes[endpoint]!;
    return home === 0 ? undefined : this.all[(home >> LINK_BITS) - 1];
  }

  linkOf(endpoint: number): number {
    return this.#homes[endpoint]! & ((1 << LINK_BITS) - 1);
  }
}
