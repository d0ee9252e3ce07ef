import type { IpAddress } from "../../address/index.ts";
import type { Header } from "../../wire/index.ts";
import { type RttEstimate, newRtt } from "./rtt.ts";
import { UpdateWindow } from "./update-window.ts";
import { UpstreamState } from "./upstream-state.ts";

/** What an upstream wants: to keep `share` per cent of our load until `until`, the rest to go to `alternatives`. */
export interface ReceivedShift {
  readonly share: number;
  readonly until: number;
  /** Addresses and absolute names in lower case, as texts. */
  readonly alternatives: ReadonlySet<string>;
}

/** Of all servers that have not given us one: thousands are met at one time. */
const NO_COOKIE = new Uint32Array(4);

/** One server that this querier asks: its address, how far it is, and what was agreed with it. Times are microseconds. */
export class Upstream {
  /** Its number in the cache and in all tables, from 1 (0 is the server itself). */
  readonly index: number;
  readonly peer: number;
  readonly address: IpAddress;
  readonly port: number;
  readonly rtt: RttEstimate = newRtt();
  readonly window = new UpdateWindow();
  state: UpstreamState = UpstreamState.unmeasured;

  /** Our cookie for this server; it sends it back in everything, Cache Updates too. */
  readonly clientCookieHi: number;
  readonly clientCookieLo: number;
  /** The cookie it gave us; all zero before the first. */
  #serverCookie = NO_COOKIE;

  epochHi = 0;
  epochLo = 0;
  /** When the request was sent whose answer established the epoch. */
  epochSince = -Infinity;
  /** When the latest request was sent that has been answered: proof of life up to then. */
  aliveAt = -Infinity;
  /** The last update number it says it has issued to us. */
  issued = 0;
  /** Since when an update number has been missing; Infinity when none is. */
  gapSince = Infinity;

  /** Requests in a row without an answer; those sent before the last of them was given up count with it. */
  losses = 0;
  lossCountedAt = -Infinity;
  probes = 0;
  lost = 0;
  /** Its wish to keep only a share of our load; undefined when it has none. */
  shift: ReceivedShift | undefined;

  constructor(index: number, peer: number, address: IpAddress, port: number, cookieHi: number, cookieLo: number) {
    this.index = index;
    this.peer = peer;
    this.address = address;
    this.port = port;
    this.clientCookieHi = cookieHi;
    this.clientCookieLo = cookieLo;
  }

  get measured(): boolean {
    return this.rtt.smoothed > 0;
  }

  /** Keeps the cookie that its message gives us. */
  takeCookie({ server0, server1, server2, server3 }: Header): void {
    if (this.#serverCookie === NO_COOKIE) this.#serverCookie = new Uint32Array(4);
    this.#serverCookie[0] = server0;
    this.#serverCookie[1] = server1;
    this.#serverCookie[2] = server2;
    this.#serverCookie[3] = server3;
  }

  /** Puts both cookies into the header of a message to it. */
  fillCookies(header: Header): void {
    header.clientCookieHi = this.clientCookieHi;
    header.clientCookieLo = this.clientCookieLo;
    header.server0 = this.#serverCookie[0]!;
    header.server1 = this.#serverCookie[1]!;
    header.server2 = this.#serverCookie[2]!;
    header.server3 = this.#serverCookie[3]!;
  }

  /** Whether a message carries our cookie for it: only who has seen our requests knows that. */
  knowsUs({ clientCookieHi, clientCookieLo }: Header): boolean {
    return clientCookieHi === this.clientCookieHi && clientCookieLo === this.clientCookieLo;
  }

  /** Whether this epoch is the one we know, or the first we hear. */
  hasEpoch(hi: number, lo: number): boolean {
    return this.epochSince === -Infinity || (this.epochHi === hi && this.epochLo === lo);
  }
}
