import type { IpAddress } from "../../address/index.ts";
import type { QuerierHalf } from "../../core/querier/querier-half.ts";
import type { Ranking } from "../../core/querier/ranking.ts";
import type { Upstream } from "../../core/querier/upstream.ts";
import { UpstreamState } from "../../core/querier/upstream-state.ts";

/** What has become of QSAs and services between two looks. */
export interface QsaNews {
  readonly down: readonly QsaEndpoint[];
  /** They had been down. */
  readonly up: readonly QsaEndpoint[];
  /** Services of which no QSA has answered a query since the last look. */
  readonly unanswered: readonly string[];
  /** Of them, those that had not been so before. */
  readonly silent: readonly string[];
  /** Services whose QSAs answer again. */
  readonly answering: readonly string[];
}

export interface QsaEndpoint {
  readonly address: IpAddress;
  readonly port: number;
}

/** Sees which QSAs and services fail and come back, by looking from time to time: the packet path knows nothing of it. */
export class QsaWatch {
  readonly #querier: QuerierHalf;
  readonly #down = new WeakSet<Upstream>();
  readonly #silent = new Set<string>();

  constructor(querier: QuerierHalf) {
    this.#querier = querier;
  }

  look(): QsaNews {
    const { upstreams, health } = this.#querier;
    const [down, up]: [QsaEndpoint[], QsaEndpoint[]] = [[], []];
    for (const upstream of upstreams.listed()) this.#lookAt(upstream, down, up);
    const unanswered = [...health.failedServices];
    health.failedServices.clear();
    // Told once, however many queries fail until it is over.
    const silent = unanswered.filter((service) => !this.#silent.has(service));
    for (const service of silent) this.#silent.add(service);
    return { down, up, unanswered, silent, answering: this.#ended() };
  }

  #lookAt(upstream: Upstream, down: QsaEndpoint[], up: QsaEndpoint[]): void {
    if (upstream.state === UpstreamState.down && !this.#down.has(upstream)) {
      this.#down.add(upstream);
      down.push({ address: upstream.address, port: upstream.port });
    } else if (upstream.state === UpstreamState.up && this.#down.delete(upstream)) {
      up.push({ address: upstream.address, port: upstream.port });
    }
  }

  /** A service that is gone from DNS is silent no more, but does not answer. */
  #ended(): string[] {
    // Of a service that is not met yet, or again, nothing can be said.
    if (this.#silent.size === 0 || !this.#querier.upstreams.hasMetAll) return [];
    const answering: string[] = [];
    const rankings = new Map(this.#querier.upstreams.rankings.map((ranking) => [ranking.name, ranking]));
    for (const service of this.#silent) {
      const ranking = rankings.get(service);
      if (ranking !== undefined && !hasAnyUp(ranking)) continue;
      this.#silent.delete(service);
      if (ranking !== undefined) answering.push(service);
    }
    return answering;
  }
}

function hasAnyUp(ranking: Ranking): boolean {
  for (let place = 0; place < ranking.size; place++) if (ranking.at(place).upstream.state === UpstreamState.up) return true;
  return false;
}
