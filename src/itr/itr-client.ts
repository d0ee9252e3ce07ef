import { EventEmitter } from "node:events";
import { type IpAddress, type Range, formatEndpoint, formatIp, formatPrefix, formatRange, parseIp, prefixAround, rangeContains, rangeOf, unmapped } from "../address/index.ts";
import { Itr, type ItrEvent, type Mapping } from "../core/itr.ts";
import { DEFAULT_INTERVALS } from "../core/querier/prober.ts";
import type { Upstream } from "../core/querier/upstream.ts";
import type { UpstreamState } from "../core/querier/upstream-state.ts";
import { now } from "../io/clock.ts";
import { nextU32 } from "../io/random.ts";
import { resultText } from "../io/query-client.ts";
import { UdpDriver, canBind } from "../io/udp-driver.ts";
import { upstreamSockets } from "../io/upstream-sockets.ts";
import { ItrError, ownFailureText } from "./itr-error.ts";

/** Where packets to a range of addresses go. */
export interface ItrMapping {
  /** The micronet, or the gap around an address that is in none: `192.0.2.0-192.0.2.99`. */
  readonly range: string;
  /** Null when there is no mapping; `0.0.0.0` or `::` means drop. */
  readonly etr: string | null;
  /** The MAB it lies in; null when in none. */
  readonly mab: string | null;
  /** `lineage.number`. */
  readonly version: string;
  /** For how long it may be used; 0 when for this packet only, as with a server's first answer, which promises nothing yet. */
  readonly remainingMs: number;
}

export interface ItrClientOptions {
  /** The QSRs or QSCs of the network (or the QSAs of a DITR site) to ask: two or three. */
  readonly servers: readonly { readonly address: IpAddress; readonly port: number }[];
  /** Micronets kept at one time. */
  readonly maxEntries?: number;
}

export interface ServerStatus {
  readonly server: string;
  readonly state: UpstreamState;
  /** Milliseconds; null before the first answer. */
  readonly rttMs: number | null;
}

/** `change`: what packets to a watched address are to do from now on. */
export type WatchListener = (mapping: ItrMapping | ItrError) => void;

interface Events {
  /** Another mapping for a range that was known. */
  update: [mapping: ItrMapping];
  /** What was known of a range holds no more. */
  flush: [range: string];
}

/** A look-up without an answer yet; `since` when, microseconds. */
interface Waiting {
  readonly address: string;
  readonly since: number;
  readonly done: (mapping: ItrMapping) => void;
  readonly fail: (error: ItrError) => void;
}

interface Watch {
  readonly address: IpAddress;
  readonly listener: WatchListener;
  told: string;
  isAsking: boolean;
}

const MAX_ENTRIES = 65_536;
/** How often watched addresses are touched, so that their mapping is renewed, and looked up again where that failed. */
const TOUCH_MS = 1_000;

/**
 * The mapping client of an ingress tunnel router: look-ups with a cache, from whichever of a few query servers answers best,
 * with fail-over, and word of every change as it happens. `watch` keeps an address resolved.
 */
export class ItrClient extends EventEmitter<Events> {
  readonly #engine: Itr;
  readonly #driver: UdpDriver;
  readonly #waiting = new Map<number, Waiting>();
  readonly #watches = new Set<Watch>();
  readonly #touch: NodeJS.Timeout;
  #token = 0;
  #isDraining = false;
  #isClosed = false;

  private constructor(engine: Itr, driver: UdpDriver) {
    super();
    this.#engine = engine;
    this.#driver = driver;
    this.#touch = setInterval(() => {
      for (const watch of this.#watches) this.#refresh(watch);
    }, TOUCH_MS);
  }

  /** Opens the sockets and begins to measure the servers. Throws ItrError for a port that is none, and ListenError. */
  static async open({ servers, maxEntries = MAX_ENTRIES }: ItrClientOptions): Promise<ItrClient> {
    for (const { address, port } of servers) {
      if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new ItrError(`${formatEndpoint(address, port)}: the port of a server is 1 to 65535`);
    }
    const { bindings, links } = await upstreamSockets(0, canBind);
    const engine = new Itr({ links, nextU32, maxEntries, intervals: DEFAULT_INTERVALS, cachingMostMs: 3_600_000 });
    const late: { drain?: () => void } = {};
    const driver = await UdpDriver.open(engine, bindings, { afterWork: () => late.drain?.() });
    const client = new ItrClient(engine, driver);
    late.drain = () => {
      client.#drain();
    };
    engine.setUpstreams(now(), servers.map(({ address, port }) => ({ name: formatEndpoint(address, port), address: unmapped(address), port, tier: 1, region: "", weight: 1 })));
    driver.wake();
    return client;
  }

  /** Where packets to an address go: from cache, or from a server. Throws AddressError, and ItrError when none answers or the client is closed. */
  async lookUp(address: string | IpAddress): Promise<ItrMapping> {
    const ip = unmapped(typeof address === "string" ? parseIp(address) : address);
    if (this.#isClosed) throw new ItrError(`${formatIp(ip)}: the client has been closed`);
    const token = ++this.#token;
    const since = now();
    const entry = this.#engine.lookUp(since, ip.family, ...keyOf(ip), token);
    if (entry >= 0) return describe(this.#engine.read(now(), entry));
    const answer = new Promise<ItrMapping>((done, fail) => {
      this.#waiting.set(token, { address: formatIp(ip), since, done, fail });
    });
    this.#driver.wake();
    return answer;
  }

  /**
   * Keeps an address resolved until the function given back is called: `listener` hears its mapping, and every other one that
   * follows, or why there is none at present.
   */
  watch(address: string | IpAddress, listener: WatchListener): () => void {
    const watch: Watch = { address: unmapped(typeof address === "string" ? parseIp(address) : address), listener, told: "", isAsking: false };
    this.#watches.add(watch);
    this.#refresh(watch);
    return () => {
      this.#watches.delete(watch);
    };
  }

  /** The servers, best first. */
  get servers(): ServerStatus[] {
    return this.#upstreams.map((upstream) => ({
      server: nameOf(upstream),
      state: upstream.state,
      rttMs: upstream.measured ? upstream.rtt.smoothed / 1000 : null,
    }));
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#touch);
    this.#watches.clear();
    for (const { address, fail } of this.#waiting.values()) fail(new ItrError(`${address}: the client was closed before an answer came`));
    this.#waiting.clear();
    await this.#driver.close();
  }

  get #upstreams(): Upstream[] {
    const ranking = this.#engine.querier.upstreams.ranking(0);
    ranking.sort();
    return Array.from({ length: ranking.size }, (_, place) => ranking.at(place).upstream);
  }

  #refresh(watch: Watch): void {
    if (watch.isAsking) return;
    watch.isAsking = true;
    void this.#lookUpFor(watch);
  }

  async #lookUpFor(watch: Watch): Promise<void> {
    const result = await this.lookUp(watch.address).catch((error: unknown) => {
      if (error instanceof ItrError) return error;
      throw error;
    });
    watch.isAsking = false;
    this.#tell(watch, result);
  }

  #tell(watch: Watch, result: ItrMapping | ItrError): void {
    if (!this.#watches.has(watch)) return;
    const text = result instanceof ItrError ? result.message : `${result.range} ${result.etr} ${result.mab}`;
    if (text === watch.told) return;
    watch.told = text;
    watch.listener(result);
  }

  /** Passes on what has happened in the engine. Whoever is told may ask again at once. */
  #drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    try {
      for (let event = this.#engine.pollEvent(); event !== undefined; event = this.#engine.pollEvent()) this.#handle(event);
    } finally {
      // A listener that throws must not keep the others from what comes next.
      this.#isDraining = false;
    }
  }

  #handle(event: ItrEvent): void {
    switch (event.type) {
      case "answer":
        this.#settle(event);
        break;
      case "update":
        this.emit("update", describe(event.mapping));
        for (const watch of this.#watchesIn(event.mapping.range)) this.#tell(watch, describe(event.mapping));
        break;
      case "flush":
        this.emit("flush", formatRange(event.range));
        for (const watch of this.#watchesIn(event.range)) this.#refresh(watch);
    }
  }

  #settle({ token, mapping, result, isOwn }: Extract<ItrEvent, { type: "answer" }>): void {
    const waiting = this.#waiting.get(token);
    if (waiting === undefined) return;
    this.#waiting.delete(token);
    if (mapping !== null) waiting.done(describe(mapping));
    else if (isOwn) waiting.fail(new ItrError(`${waiting.address}: ${this.#ownFailure(result, waiting.since)}`));
    else waiting.fail(new ItrError(`${waiting.address}: ${resultText(result)}`, result));
  }

  #ownFailure(result: number, since: number): string {
    const upstreams = this.#upstreams;
    const living = upstreams.filter(({ aliveAt }) => aliveAt >= since);
    return ownFailureText(result, upstreams.map(nameOf), living.map(nameOf));
  }

  #watchesIn(range: Range): Watch[] {
    return [...this.#watches].filter(({ address }) => {
      const [hi, lo] = keyOf(address);
      return rangeContains(range, rangeOf(address.family, hi, lo, hi, lo));
    });
  }
}

function nameOf({ address, port }: Upstream): string {
  return formatEndpoint(address, port);
}

function keyOf({ family, words }: IpAddress): [hi: number, lo: number] {
  return [words[0], family === 6 ? words[1] : 0];
}

function describe({ range, etr, mabLength, version, remainingMs }: Mapping): ItrMapping {
  const { family, first } = range;
  return {
    range: formatRange(range),
    etr: etr === null ? null : formatIp(etr),
    mab: mabLength === null ? null : formatPrefix(prefixAround(family, first.hi, first.lo, mabLength)),
    version: version.join("."),
    remainingMs,
  };
}

