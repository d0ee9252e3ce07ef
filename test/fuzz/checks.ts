import { Itr } from "../../src/core/itr.ts";
import { Qsa } from "../../src/core/qsa.ts";
import { LIMITS } from "../support/world.ts";
import { FuzzFailure } from "./failure.ts";
import { ADDRESSES, type FuzzWorld, ITR_ENTRIES, type Known, evictablePeers } from "./world.ts";

/** No table of any engine holds more than it was made for. */
export function checkBounds(world: FuzzWorld): void {
  for (const { engine } of world.stations) {
    expectAtMost(engine, "peers", engine.peers.size, engine.peers.capacity);
    if (engine instanceof Itr) {
      expectAtMost(engine, "entries", engine.cache.cache.size, ITR_ENTRIES);
      continue;
    }
    const { cache, promises } = (engine as Qsa).server;
    expectAtMost(engine, "entries", cache.cache.size, LIMITS.maxEntries);
    expectAtMost(engine, "promises", promises.ledger.size, LIMITS.maxPromises);
    expectAtMost(engine, "updates", promises.sender.outstanding, LIMITS.maxUpdates);
  }
}

/** Hours after the attack, nothing of it is left in any engine. */
export function checkDrained(world: FuzzWorld): void {
  for (const { engine } of world.stations) {
    if (!(engine instanceof Itr)) {
      const { cache, promises, responder } = (engine as Qsa).server;
      expectZero(engine, "entries", cache.cache.size);
      expectZero(engine, "promises", promises.ledger.size);
      expectZero(engine, "updates on their way", promises.sender.outstanding);
      expectZero(engine, "replies to be acknowledged", responder.repeater.outstanding);
    } else {
      expectZero(engine, "entries", engine.cache.cache.size);
    }
    const upstreams = engine instanceof Qsa ? 0 : (engine as Itr).querier.upstreams.size;
    if (!(engine instanceof Qsa)) expectZero(engine, "fetches", (engine as Itr).querier.fetcher.inFlight);
    expectZero(engine, "peers held", engine.peers.capacity - evictablePeers(engine) - upstreams);
  }
}

/** Every server and the ITR say what the mapping store says. */
export function checkAnswers(world: FuzzWorld): void {
  for (const address of ADDRESSES) {
    const truth = describe(world.truth(address));
    for (const [place, answer] of world.answers(address).entries()) {
      if (describe(answer) !== truth) throw new FuzzFailure(`after the attack, ${address} is answered wrongly to querier ${place}: ${describe(answer)} instead of ${truth}`);
    }
  }
}

function describe(known: Known | undefined): string {
  return known === undefined ? "nothing" : `result ${known.result}, ETR ${known.etr.toString(16)}`;
}

function expectAtMost(engine: object, what: string, size: number, most: number): void {
  if (size > most) throw new FuzzFailure(`${engine.constructor.name}: ${size} ${what}, and there may be ${most}`);
}

function expectZero(engine: object, what: string, count: number): void {
  if (count !== 0) throw new FuzzFailure(`${engine.constructor.name}: ${count} ${what} left hours after the attack`);
}
