import { Acknowledgement, type AcknowledgementType, type Header, encodeAcknowledgement } from "../../wire/index.ts";
import type { TransmitRing } from "../link/transmit-ring.ts";
import type { Upstream } from "./upstream.ts";

/** Acknowledges what upstreams send. */
export class UpstreamAcknowledger {
  readonly #ack = new Acknowledgement();
  readonly #ring: TransmitRing;

  constructor(ring: TransmitRing) {
    this.#ring = ring;
  }

  /** `received` is the header of what is acknowledged; `value` the update number of a Cache Update, else 0. */
  send(upstream: Upstream, type: AcknowledgementType, received: Header, value: number): void {
    const ack = this.#ack;
    ack.header.sequence = received.sequence;
    ack.header.nonceHi = received.nonceHi;
    ack.header.nonceLo = received.nonceLo;
    upstream.fillCookies(ack.header);
    ack.value = value;
    ack.epochHi = upstream.epochHi;
    ack.epochLo = upstream.epochLo;
    this.#ring.commit(upstream.peer, encodeAcknowledgement(this.#ring.claim(), type, ack));
  }
}
