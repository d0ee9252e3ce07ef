import type { Engine, Transmit } from "../src/core/engine.ts";

/** Stands before an engine and passes everything on, so that what goes in and out can be looked at. */
export class EngineWatch implements Engine {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  get peers(): Engine["peers"] {
    return this.#engine.peers;
  }

  handleDatagram(now: number, peer: number, view: DataView, length: number): void {
    this.#engine.handleDatagram(now, peer, view, length);
  }

  pollTransmit(out: Transmit): boolean {
    return this.#engine.pollTransmit(out);
  }

  pollTimeout(): number {
    return this.#engine.pollTimeout();
  }

  handleTimeout(now: number): void {
    this.#engine.handleTimeout(now);
  }
}
