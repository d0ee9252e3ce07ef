import type { Qsr } from "../core/qsr.ts";
import type { Ranking } from "../core/querier/ranking.ts";
import type { Upstream } from "../core/querier/upstream.ts";
import { UpstreamState } from "../core/querier/upstream-state.ts";
import type { Logger } from "../io/log.ts";
import { whoIs } from "./qsa-name.ts";

/** Logs which QSAs and services fail and come back, by looking from time to time: the packet path knows nothing of it. */
export class QsaWatch {
  readonly #engine: Qsr;
  readonly #log: Logger;
  readonly #down = new WeakMap<Upstream, boolean>();
  readonly #failed = new Set<string>();

  constructor(engine: Qsr, log: Logger) {
    this.#engine = engine;
    this.#log = log;
  }

  /** `failed`: services of which no QSA has answered since the last look. */
  look(failed: Iterable<string>): void {
    const { upstreams } = this.#engine.querier;
    for (const upstream of upstreams.listed()) this.#lookAt(upstream);
    for (const service of failed) this.#noteFailure(service);
    if (this.#failed.size === 0) return;
    const rankings = new Map(upstreams.rankings.map((ranking) => [ranking.name, ranking]));
    for (const service of this.#failed) {
      const ranking = rankings.get(service);
      if (ranking === undefined || hasAnyUp(ranking)) this.#noteEnd(service, ranking !== undefined);
    }
  }

  /** Told once, however many queries fail until it is over. */
  #noteFailure(service: string): void {
    if (!this.#failed.has(service)) this.#log.warn(`no QSA of ${service} answers; looking at DNS again`);
    this.#failed.add(service);
  }

  #noteEnd(service: string, answers: boolean): void {
    this.#failed.delete(service);
    if (answers) this.#log.info(`${service}: QSAs answer again`);
  }

  #lookAt(upstream: Upstream): void {
    if (upstream.state !== UpstreamState.down && upstream.state !== UpstreamState.up) return;
    const isDown = upstream.state === UpstreamState.down;
    const wasDown = this.#down.get(upstream);
    if (isDown === wasDown) return;
    this.#down.set(upstream, isDown);
    if (isDown) this.#log.info(`QSA ${whoIs(this.#engine, upstream)} is down`);
    if (!isDown && wasDown === true) this.#log.info(`QSA ${whoIs(this.#engine, upstream)} is up again`);
  }
}

function hasAnyUp(ranking: Ranking): boolean {
  for (let place = 0; place < ranking.size; place++) if (ranking.at(place).upstream.state === UpstreamState.up) return true;
  return false;
}
