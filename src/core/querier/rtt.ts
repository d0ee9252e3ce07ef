/** Round-trip time of one server, in microseconds; RFC 6298 with a lower floor (docs/adr/0003). */

const ALPHA = 1 / 8;
const BETA = 1 / 4;
const VARIANCES = 4;
/** RFC 6298 (2.3) calls it G: servers and machines are late by so much now and then, however steady the path. */
const GRANULARITY = 10_000;

/** RFC 6298 (2.4) asks for 1 s; a query that waits that long for a dead server has failed its user. */
export const RTO_FLOOR = 50_000;
export const RTO_CEILING = 2_000_000;
/** Before the first sample: above the RTT of nearly every pair of places on Earth. */
export const RTO_INITIAL = 400_000;

export interface RttEstimate {
  /** Smoothed RTT; 0 before the first sample. */
  smoothed: number;
  variation: number;
  /** How often the timeout was doubled since the last answer (RFC 6298 (5.5)). */
  backoff: number;
  /** How many samples were taken since this program started. */
  samples: number;
}

export function newRtt(): RttEstimate {
  return { smoothed: 0, variation: 0, backoff: 0, samples: 0 };
}

/** Takes a sample; every request has a nonce of its own, so none is ambiguous (no Karn's rule). RFC 6298 (2.2), (2.3). */
export function addRttSample(rtt: RttEstimate, sample: number): void {
  rtt.backoff = 0;
  rtt.samples++;
  if (rtt.smoothed === 0) {
    rtt.smoothed = sample;
    rtt.variation = sample / 2;
    return;
  }
  rtt.variation = (1 - BETA) * rtt.variation + BETA * Math.abs(rtt.smoothed - sample);
  rtt.smoothed = (1 - ALPHA) * rtt.smoothed + ALPHA * sample;
}

/** How long to wait for an answer. */
export function retransmissionTimeout(rtt: RttEstimate): number {
  const base = rtt.smoothed === 0 ? RTO_INITIAL : rtt.smoothed + Math.max(GRANULARITY, VARIANCES * rtt.variation);
  return Math.min(RTO_CEILING, Math.max(RTO_FLOOR, base) * (1 << rtt.backoff));
}

export function addTimeout(rtt: RttEstimate): void {
  rtt.backoff = Math.min(rtt.backoff + 1, 6);
}
