import type { Family } from "../address/index.ts";
import { type MappingBody, MapReply } from "../wire/index.ts";
import { type EntryTable, NO_ENTRY } from "./cache/entry-table.ts";
import { remainingMs } from "./clock.ts";
import { NO_PEER } from "./link/peer-table.ts";
import { CookieState } from "./server/cookies.ts";
import { Version } from "./version.ts";

/** For how long an answer may be used whose changes nobody will tell; milliseconds. */
export const UNPROMISED_MS = 2_000;

/** Who asked, and what the reply must carry so that the asker takes it for one: kept while an answer is fetched. */
export class Asker {
  peer = NO_PEER;
  sequence = 0;
  nonceHi = 0;
  nonceLo = 0;
  clientCookieHi = 0;
  clientCookieLo = 0;
  flags = 0;
  /** Octets of the request: the most that goes back to a source that has not proved itself. */
  octets = 0;
  /** Whether it was told to wait: its answer is sent again if it does not acknowledge it. */
  waitedLong = false;
  /** What its server cookie was worth. */
  cookie: CookieState = CookieState.absent;

  /** The position below which an answer is of no use to it; zero for none. */
  readonly floor = new Version();

  /** Whether it showed a server cookie of ours (RFC 7873): its source address is not forged. */
  get verified(): boolean {
    return this.cookie === CookieState.valid || this.cookie === CookieState.aging;
  }
}

/** Where an answer came from, for those who ask for a trace. */
export class Origin {
  fromCache = false;
  /** 0 when no upstream had a part in it. */
  family: 0 | Family = 0;
  port = 0;
  /** Microseconds from request to reply. */
  rtt = 0;
  readonly words = new Uint32Array(4);

  clear(): void {
    this.fromCache = false;
    this.family = 0;
    this.port = 0;
    this.rtt = 0;
    this.words[0] = 0;
    this.words[1] = 0;
    this.words[2] = 0;
    this.words[3] = 0;
  }
}

/** An answer, in the message that will carry it; who asked is filled in when it is sent. */
export class Answer {
  readonly message = new MapReply();
  /** The cache entry it stands in; NO_ENTRY for one that is kept nowhere and so cannot be promised. */
  entry = NO_ENTRY;
  /** Milliseconds for which it may be cached, by those to whom that is promised. */
  cachingMs = 0;
  /** Whether this server hears of changes to it, so that it can pass them on. */
  isPromised = true;
  /** Of one that is none: whether no server said so, and this process gave up by itself. Never sent. */
  isOwnFailure = false;
  readonly origin = new Origin();

  get result(): number {
    return this.message.result;
  }

  set result(result: number) {
    this.message.result = result;
  }

  get body(): MappingBody {
    return this.message.body;
  }

  /** The answer that a cache entry gives now. */
  readEntry(entries: EntryTable, entry: number, nowMs: number): void {
    this.entry = entry;
    this.result = entries.result(entry);
    entries.read(entry, this.body);
    this.isPromised = entries.isPromised(entry);
    this.cachingMs = Math.max(0, remainingMs(entries.expiry(entry), nowMs));
  }

  /** An answer that is none, with the reason. */
  fail(result: number, isOwn = true): void {
    this.body.clear();
    this.result = result;
    this.isOwnFailure = isOwn;
    this.entry = NO_ENTRY;
    this.cachingMs = 0;
    this.isPromised = true;
    this.origin.clear();
  }
}

/** Where answers go that were not at hand at once. */
export interface Audience {
  /** How many answers can be given now. */
  readonly room: number;
  /** After how long those who wait are told that their answer is being fetched; microseconds, Infinity for never. */
  readonly patience: number;
  reply(now: number, asker: Asker, answer: Answer): void;
  /** Tells an asker that its answer is being fetched, and for how many milliseconds to wait for it. */
  acknowledge(asker: Asker, waitMs: number): void;
}
