import type { Soa } from "../records/index.ts";

/** Bounds of what a zone's SOA asks for, in seconds. */
export interface RefreshBounds {
  readonly refreshMin: number;
  readonly refreshMax: number;
  readonly retryMin: number;
  readonly retryMax: number;
  readonly expireMin: number;
  readonly expireMax: number;
}

/** The least against zones that ask for a flood, the most so that a change without NOTIFY is found within the day. */
export const DEFAULT_BOUNDS: RefreshBounds = {
  refreshMin: 10,
  refreshMax: 86_400,
  retryMin: 5,
  retryMax: 3_600,
  expireMin: 86_400,
  expireMax: 7 * 86_400,
};

export type SoaTimes = Pick<Soa, "refresh" | "retry" | "expire">;

/** When one zone is to be looked at again. Times in seconds on a clock of the caller's. */
export interface RefreshState {
  /** When the primary is to be asked again. */
  readonly due: number;
  /** When what is known of the zone ends to count: RFC 1035 section 3.3.13, EXPIRE. Infinity: nothing is known. */
  readonly expires: number;
  /** Failures in a row. */
  readonly failures: number;
  readonly times: SoaTimes | undefined;
}

/** Many secondaries that start together must not ask together: each comes up to a tenth earlier than asked for. */
const JITTER = 0.1;
const FIRST_RETRY = 1;

/** A zone of which nothing is known: due at once. */
export function unknownZone(now: number): RefreshState {
  return { due: now, expires: Infinity, failures: 0, times: undefined };
}

/** The primary has been asked, and the zone is as it says. `random` is from 0 to 1. */
export function refreshed(now: number, times: SoaTimes, bounds: RefreshBounds, random: number): RefreshState {
  const expire = clamp(times.expire, bounds.expireMin, bounds.expireMax);
  // RFC 1912 section 2.2: a zone must be looked at before it expires.
  const refresh = Math.min(clamp(times.refresh, bounds.refreshMin, bounds.refreshMax), expire / 2);
  return { due: now + early(refresh, random), expires: now + expire, failures: 0, times };
}

/** The same, but not all of it could be read: worth another look at the retry time. */
export function refreshedInPart(now: number, times: SoaTimes, bounds: RefreshBounds, random: number): RefreshState {
  const state = refreshed(now, times, bounds, random);
  return { ...state, due: Math.min(state.due, now + early(retryOf(times, bounds), random)) };
}

/**
 * Nobody could be asked. What is known goes on to age, and is looked at when it expires at the latest. The first waits are short,
 * for what is over at once; they double to the retry time.
 */
export function failed(state: RefreshState, now: number, bounds: RefreshBounds, random: number): RefreshState {
  const doubled = FIRST_RETRY * 2 ** Math.min(state.failures, 30);
  const wait = Math.min(doubled, state.times === undefined ? bounds.retryMax : retryOf(state.times, bounds));
  const due = now + early(wait, random);
  return { ...state, due: state.expires > now ? Math.min(due, state.expires) : due, failures: state.failures + 1 };
}

export function hasExpired(state: RefreshState, now: number): boolean {
  return now >= state.expires;
}

function retryOf({ retry }: SoaTimes, { retryMin, retryMax }: RefreshBounds): number {
  return clamp(retry, retryMin, retryMax);
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}

function early(seconds: number, random: number): number {
  return seconds * (1 - JITTER * random);
}
