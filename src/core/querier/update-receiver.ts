import { type Family, prefixAround, prefixLast } from "../../address/index.ts";
import {
  CacheUpdate,
  Fault,
  MessageType,
  ResultCode,
  UpdateAction,
  decodeCacheUpdate,
} from "../../wire/index.ts";
import { NO_ENTRY } from "../cache/entry-table.ts";
import type { Prober } from "./prober.ts";
import type { PromisedCache } from "../cache/promised-cache.ts";
import type { TransmitRing } from "../link/transmit-ring.ts";
import type { Upstream } from "./upstream.ts";
import { UpstreamAcknowledger } from "./upstream-acknowledger.ts";
import type { UpstreamTable } from "./upstream-table.ts";

/** Takes Cache Updates of upstreams, does what they say here and downstream, and acknowledges them. */
export class UpdateReceiver {
  readonly counters = { updates: 0, duplicateUpdates: 0, refusedUpdates: 0 };
  readonly #update = new CacheUpdate();
  readonly #upstreams: UpstreamTable;
  readonly #book: PromisedCache;
  readonly #prober: Prober;
  readonly #acknowledger: UpstreamAcknowledger;

  constructor(parts: { upstreams: UpstreamTable; book: PromisedCache; prober: Prober; ring: TransmitRing }) {
    this.#upstreams = parts.upstreams;
    this.#book = parts.book;
    this.#prober = parts.prober;
    this.#acknowledger = new UpstreamAcknowledger(parts.ring);
  }

  handleUpdate(now: number, peer: number, view: DataView, length: number): void {
    const upstream = this.#upstreams.ofPeer(peer);
    if (upstream === undefined || decodeCacheUpdate(view, length, this.#update) !== Fault.none || !upstream.knowsUs(this.#update.header)) {
      this.counters.refusedUpdates++;
      return;
    }
    const { body } = this.#update;
    if (!upstream.hasEpoch(body.epochHi, body.epochLo)) {
      // It has restarted, or this is older than its restart: an answered request will tell which.
      this.#prober.hurry(now, upstream);
      return;
    }
    if (upstream.window.receive(body.counter)) {
      this.counters.updates++;
      this.#apply(now, upstream);
    } else {
      this.counters.duplicateUpdates++;
    }
    if (!upstream.window.hasGap && !upstream.window.misses(upstream.issued)) upstream.gapSince = Infinity;
    else if (upstream.gapSince === Infinity) this.#startGap(now, upstream);
    this.#acknowledger.send(upstream, MessageType.cacheUpdateAck, this.#update.header, body.counter);
  }

  #startGap(now: number, upstream: Upstream): void {
    upstream.gapSince = now;
    this.#prober.hurry(now, upstream);
  }

  #apply(now: number, upstream: Upstream): void {
    const { action, body } = this.#update;
    const family = body.family as Family;
    if (action === UpdateAction.flushAll) {
      this.#book.flushUpstream(now, upstream.index);
    } else if (action === UpdateAction.flushMab) {
      const mab = prefixAround(family, body.firstHi, body.firstLo, body.prefixLength);
      const last = prefixLast(mab);
      this.#book.flushRange(now, family, mab.hi, mab.lo, last.hi, last.lo, upstream.index);
    } else if (action === UpdateAction.flushRange || !this.#revise(now, upstream)) {
      this.#book.flushRange(now, family, body.firstHi, body.firstLo, body.lastHi, body.lastLo, upstream.index);
    }
  }

  /** Gives the entry for exactly this range its new mapping; false when there is none from this upstream and request. */
  #revise(now: number, upstream: Upstream): boolean {
    const { header, body } = this.#update;
    const { entries } = this.#book;
    const entry = this.#book.find(now, body.family as Family, body.firstHi, body.firstLo);
    if (entry === NO_ENTRY || entries.upstream(entry) !== upstream.index) return false;
    const sameRange =
      entries.firstHi(entry) === body.firstHi &&
      entries.firstLo(entry) === body.firstLo &&
      entries.lastHi(entry) === body.lastHi &&
      entries.lastLo(entry) === body.lastLo;
    if (!sameRange || !entries.hasNonce(entry, header.nonceHi, header.nonceLo)) return false;
    if (entries.isNewer(entry, body)) this.#book.revise(now, entry, ResultCode.mapping, body);
    return true;
  }
}
