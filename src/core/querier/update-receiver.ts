import { type Family, prefixAround } from "../../address/index.ts";
import { CacheUpdate, Fault, MAP_REPLY_OCTETS, MessageType, ResultCode, UpdateAction, decodeCacheUpdate } from "../../wire/index.ts";
import type { MappingCache } from "../cache/mapping-cache.ts";
import { NO_ENTRY } from "../cache/entry-table.ts";
import type { TransmitRing } from "../link/transmit-ring.ts";
import { Version } from "../version.ts";
import type { Prober } from "./prober.ts";
import { Arrival } from "./update-window.ts";
import type { Upstream } from "./upstream.ts";
import { UpstreamAcknowledger } from "./upstream-acknowledger.ts";
import type { UpstreamHealth } from "./upstream-health.ts";
import type { UpstreamPort } from "./upstream-port.ts";
import type { UpstreamTable } from "./upstream-table.ts";

/** In use within one call only: all engines of a thread have them in common, so that they stay at hand. */
const sharedUpdate = new CacheUpdate();
const sharedVersion = new Version();

/** Takes Cache Updates of upstreams, does what they say here and downstream, and acknowledges them. */
export class UpdateReceiver {
  readonly counters = { updates: 0, duplicateUpdates: 0, refusedUpdates: 0, updatesBeyond: 0 };
  readonly #update = sharedUpdate;
  readonly #version = sharedVersion;
  readonly #upstreams: UpstreamTable;
  readonly #cache: MappingCache;
  readonly #prober: Prober;
  readonly #health: UpstreamHealth;
  readonly #port: UpstreamPort;
  readonly #acknowledger: UpstreamAcknowledger;

  constructor(parts: {
    upstreams: UpstreamTable;
    cache: MappingCache;
    prober: Prober;
    health: UpstreamHealth;
    port: UpstreamPort;
    ring: TransmitRing;
  }) {
    this.#upstreams = parts.upstreams;
    this.#cache = parts.cache;
    this.#prober = parts.prober;
    this.#health = parts.health;
    this.#port = parts.port;
    this.#acknowledger = new UpstreamAcknowledger(parts.ring);
  }

  handleUpdate(now: number, peer: number, view: DataView, length: number): void {
    const update = this.#update;
    const upstream = this.#upstreams.ofPeer(peer);
    if (upstream === undefined || decodeCacheUpdate(view, length, update) !== Fault.none || !upstream.knowsUs(update.header)) {
      this.counters.refusedUpdates++;
      return;
    }
    const { body } = update;
    if (!upstream.hasEpoch(body.epochHi, body.epochLo)) {
      // It has restarted, or this is older than its restart: an answered request will tell which.
      this.#prober.hurry(now, upstream);
      return;
    }
    if (length > MAP_REPLY_OCTETS) this.#port.noteShift(now, upstream, view, length);
    if (this.#receive(now, upstream)) this.#acknowledger.send(upstream, MessageType.cacheUpdateAck, update.header, body.counter);
  }

  /** Acts on each number once. False for one that is not to be acknowledged: it must come again. */
  #receive(now: number, upstream: Upstream): boolean {
    const { action, body } = this.#update;
    // All that was learnt from it goes: what numbers are missing before this one no longer matters.
    if (action === UpdateAction.flushAll && ((body.counter - upstream.window.complete) | 0) > 0) {
      this.counters.updates++;
      this.#health.flush(now, upstream);
      this.#health.skipNumbers(now, upstream, body.counter);
      return true;
    }
    const complete = upstream.window.complete;
    const arrival = upstream.window.receive(body.counter);
    if (arrival === Arrival.beyond) {
      this.counters.updatesBeyond++;
      this.#health.noteIssued(now, upstream, body.counter);
      return false;
    }
    if (arrival === Arrival.new) {
      this.counters.updates++;
      this.#apply(now, upstream);
    } else {
      this.counters.duplicateUpdates++;
    }
    if (((body.counter - upstream.issued) | 0) > 0) upstream.issued = body.counter;
    this.#health.noteProgress(now, upstream, upstream.window.complete !== complete);
    return true;
  }

  #apply(now: number, upstream: Upstream): void {
    const { action, body } = this.#update;
    const family = body.family as Family;
    const version = this.#version.set(body.versionLineage, body.versionHi, body.versionLo);
    if (action === UpdateAction.flushMab) {
      const mab = prefixAround(family, body.firstHi, body.firstLo, body.prefixLength);
      this.#cache.flushMab(now, family, mab.hi, mab.lo, body.prefixLength, upstream.index, version);
      return;
    }
    const isRevised = action === UpdateAction.update && this.#revise(now, upstream);
    this.#cache.raiseFloor(now, body, version);
    if (isRevised) return;
    this.#cache.flushRange(now, family, body.firstHi, body.firstLo, body.lastHi, body.lastLo, upstream.index, version);
    this.#cache.flushOlder(now, body, version);
  }

  /**
   * Gives the entry for exactly this range its new mapping, and false when there is none to give it to. It may stand on
   * another upstream's word by now: that one will say the same. While it is being refreshed the nonces of the old and of the
   * new request both count.
   */
  #revise(now: number, upstream: Upstream): boolean {
    const { header, body } = this.#update;
    const { entries } = this.#cache;
    const entry = this.#cache.find(now, body.family as Family, body.firstHi, body.firstLo);
    if (entry === NO_ENTRY || !entries.hasRange(entry, body)) return false;
    if (!entries.isNewer(entry, body)) return true;
    if (!entries.hasNonce(entry, header.nonceHi, header.nonceLo) && !this.#port.isAsking(upstream, header)) return false;
    this.#cache.revise(now, entry, ResultCode.mapping, body);
    return true;
  }
}

