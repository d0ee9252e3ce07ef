import { type Family, compareKeys } from "../../address/index.ts";
import { type MapReply, ResultCode } from "../../wire/index.ts";
import type { Answer } from "../answer.ts";
import { OWN } from "../cache/entry-table.ts";
import { type Catalogue, EMPTY_CATALOGUE } from "../mabs/catalogue.ts";
import { NO_PREFIX, Segment } from "../tables/segment-table.ts";
import type { Ranking } from "./ranking.ts";
import type { Upstream } from "./upstream.ts";
import type { UpstreamTable } from "./upstream-table.ts";

/** Knows who answers for an address, and what each may say. */
export interface Directory {
  /** How long queriers may cache what it answers by itself; milliseconds. */
  readonly gapCachingMs: number;
  /** The ranking of each service that answers for a key; none when nobody does. */
  rankingsFor(family: Family, hi: number, lo: number): readonly Ranking[];
  /** Fills `answer` where no upstream need be asked; false where one must be. */
  answers(family: Family, hi: number, lo: number, answer: Answer): boolean;
  /** Whether an upstream's reply about a key may be believed: its range and MAB are as we know them, and it serves them. */
  admits(upstream: Upstream, family: Family, hi: number, lo: number, reply: MapReply): boolean;
  /** Whether something in the cache from an upstream still holds. */
  stillHolds(upstream: number, family: Family, prefixLength: number, firstHi: number, firstLo: number, lastHi: number, lastLo: number): boolean;
}

/** By the catalogue that discovery found: what a QSR has. */
export class CatalogueDirectory implements Directory {
  catalogue: Catalogue;
  readonly gapCachingMs: number;
  readonly #upstreams: UpstreamTable;
  readonly #segment = new Segment();
  /** By group of MABs, as they are needed: then its services are met. */
  #rankings: (readonly Ranking[] | undefined)[] = [];

  constructor(catalogue: Catalogue, upstreams: UpstreamTable, gapCachingMs: number) {
    this.catalogue = catalogue;
    this.#upstreams = upstreams;
    this.gapCachingMs = gapCachingMs;
  }

  /** Goes over to a catalogue; the upstream table adopts its services before anything is asked here. */
  adopt(catalogue: Catalogue): void {
    this.catalogue = catalogue;
    this.#rankings = catalogue.groups.map(() => undefined);
  }

  rankingsFor(family: Family, hi: number, lo: number): readonly Ranking[] {
    const mab = this.catalogue.match(family, hi, lo);
    return mab === NO_PREFIX ? NOBODY : this.#rankingsOf(mab);
  }

  /** In no MAB: the whole gap is the answer, and this server is the authority for it. Before the first catalogue nothing is known. */
  answers(family: Family, hi: number, lo: number, answer: Answer): boolean {
    if (this.catalogue === EMPTY_CATALOGUE) {
      answer.fail(ResultCode.noQsa);
      return true;
    }
    const segment = this.#segment;
    this.catalogue.find(family, hi, lo, segment);
    if (segment.prefix !== NO_PREFIX) return false;
    answer.fail(ResultCode.notInAnyMab);
    answer.body.family = family;
    answer.body.firstHi = segment.firstHi;
    answer.body.firstLo = segment.firstLo;
    answer.body.lastHi = segment.lastHi;
    answer.body.lastLo = segment.lastLo;
    answer.cachingMs = this.gapCachingMs;
    return true;
  }

  admits(upstream: Upstream, family: Family, hi: number, lo: number, { result, body }: MapReply): boolean {
    if (result !== ResultCode.mapping && result !== ResultCode.negative) return false;
    if (!contains(family, hi, lo, body)) return false;
    const segment = this.#segment;
    this.catalogue.find(family, hi, lo, segment);
    return segment.prefix !== NO_PREFIX && this.#fits(segment, body.prefixLength, body.firstHi, body.firstLo, body.lastHi, body.lastLo) && this.#serves(upstream, segment.prefix);
  }

  stillHolds(upstream: number, family: Family, prefixLength: number, firstHi: number, firstLo: number, lastHi: number, lastLo: number): boolean {
    const segment = this.#segment;
    this.catalogue.find(family, firstHi, firstLo, segment);
    if (compareKeys(lastHi, lastLo, segment.lastHi, segment.lastLo) > 0) return false;
    if (segment.prefix === NO_PREFIX) return upstream === OWN;
    const server = this.#upstreams.at(upstream);
    return server !== undefined && prefixLength === this.catalogue.prefixLength(segment.prefix) && this.#serves(server, segment.prefix);
  }

  #fits(segment: Segment, prefixLength: number, firstHi: number, firstLo: number, lastHi: number, lastLo: number): boolean {
    return (
      prefixLength === this.catalogue.prefixLength(segment.prefix) &&
      compareKeys(firstHi, firstLo, segment.firstHi, segment.firstLo) >= 0 &&
      compareKeys(lastHi, lastLo, segment.lastHi, segment.lastLo) <= 0
    );
  }

  #serves(upstream: Upstream, mab: number): boolean {
    const rankings = this.#rankingsOf(mab);
    for (let index = 0; index < rankings.length; index++) if (rankings[index]!.placeOf(upstream) >= 0) return true;
    return false;
  }

  #rankingsOf(mab: number): readonly Ranking[] {
    const group = this.catalogue.groupOf(mab);
    return (this.#rankings[group] ??= this.catalogue.groups[group]!.services.map((service) => this.#upstreams.ranking(service)));
  }
}

/** The same few upstreams for everything: what a QSC or an ITR has. They know the MABs; we take their word. */
export class FixedDirectory implements Directory {
  readonly gapCachingMs = 0;
  readonly #upstreams: UpstreamTable;

  constructor(upstreams: UpstreamTable) {
    this.#upstreams = upstreams;
  }

  rankingsFor(): readonly Ranking[] {
    return this.#upstreams.rankings;
  }

  answers(): boolean {
    return false;
  }

  admits(upstream: Upstream, family: Family, hi: number, lo: number, { result, body }: MapReply): boolean {
    return result <= ResultCode.notInAnyMab && contains(family, hi, lo, body) && this.#upstreams.at(upstream.index) === upstream;
  }

  stillHolds(upstream: number): boolean {
    return this.#upstreams.at(upstream) !== undefined;
  }
}

const NOBODY: readonly Ranking[] = [];

function contains(family: Family, hi: number, lo: number, body: MapReply["body"]): boolean {
  return body.family === family && compareKeys(body.firstHi, body.firstLo, hi, lo) <= 0 && compareKeys(body.lastHi, body.lastLo, hi, lo) >= 0;
}
