import type { Engine } from "../src/core/engine.ts";
import { MAP_REQUEST_OCTETS } from "../src/wire/index.ts";
import { EngineWatch } from "./engine-watch.ts";

/** What it lets through at one go: no more than an engine has room for answers to. */
const AT_ONCE = 256;

/** Has an engine get Map Requests some time after they have come; the longest that waits is as long as a Map Request without extensions. */
export class LateEngine extends EngineWatch {
  readonly #delay: number;
  readonly #capacity: number;
  readonly #views: DataView;
  readonly #due: Float64Array;
  readonly #peers: Int32Array;
  #head = 0;
  #size = 0;

  /** `delay`: microseconds; `capacity`: requests that may wait. */
  constructor(engine: Engine, delay: number, capacity: number) {
    super(engine);
    this.#delay = delay;
    this.#capacity = capacity;
    this.#views = new DataView(new ArrayBuffer(capacity * MAP_REQUEST_OCTETS));
    this.#due = new Float64Array(capacity);
    this.#peers = new Int32Array(capacity);
  }

  override handleDatagram(now: number, peer: number, view: DataView, length: number): void {
    if (length !== MAP_REQUEST_OCTETS) {
      super.handleDatagram(now, peer, view, length);
      return;
    }
    if (this.#size === this.#capacity) throw new Error(`more than ${this.#capacity} requests wait at the upstream`);
    const slot = (this.#head + this.#size++) % this.#capacity;
    for (let octet = 0; octet < length; octet += 4) this.#views.setUint32(slot * MAP_REQUEST_OCTETS + octet, view.getUint32(octet));
    this.#due[slot] = now + this.#delay;
    this.#peers[slot] = peer;
  }

  override pollTimeout(): number {
    return Math.min(super.pollTimeout(), this.#size === 0 ? Infinity : this.#due[this.#head]!);
  }

  override handleTimeout(now: number): void {
    for (let left = AT_ONCE; left > 0 && this.#size > 0 && this.#due[this.#head]! <= now; left--) {
      const slot = this.#head;
      this.#head = (slot + 1) % this.#capacity;
      this.#size--;
      super.handleDatagram(now, this.#peers[slot]!, new DataView(this.#views.buffer, slot * MAP_REQUEST_OCTETS, MAP_REQUEST_OCTETS), MAP_REQUEST_OCTETS);
    }
    super.handleTimeout(now);
  }
}
