import { type Family, formatIp, formatRange, keyAfter, parsePrefix, prefixContains, rangeOf } from "../address/index.ts";
import type { MappingStore } from "../core/mapping/mapping-store.ts";
import { MappingBody, ResultCode } from "../wire/index.ts";
import type { Site } from "./site.ts";

/** Something to try commands with. */
export interface ExampleMicronet {
  readonly range: string;
  /** One of its addresses. */
  readonly address: string;
  /** A site that answers for it. */
  readonly site: string;
}

/** RFC 5737 and RFC 3849: addresses that nobody has. */
const DOCUMENTATION = ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"].map(parsePrefix);
const EIGHTH = 7;

/** A micronet of a world, in documentation space where there is one, else the first. */
export function exampleMicronet(family: Family, sites: readonly Site[]): ExampleMicronet | undefined {
  const stores = [...new Set(sites.map(({ world }) => world.store))];
  const mabs = stores.flatMap((store) => store.mabs.filter((mab) => mab.family === family).map((mab) => ({ store, mab })));
  const best = mabs.find(({ mab }) => DOCUMENTATION.some((space) => prefixContains(space, mab.family, mab.hi, mab.lo))) ?? mabs[0];
  const body = best === undefined ? undefined : firstMicronet(best.store, family, best.mab.hi, best.mab.lo);
  if (best === undefined || body === undefined) return undefined;
  const { firstHi, firstLo, lastHi, lastLo } = body;
  const words = family === 4 ? ([Math.min(firstHi + EIGHTH, lastHi), 0, 0, 0] as const) : ([firstHi, firstLo, 0, 1] as const);
  return {
    range: formatRange(rangeOf(family, firstHi, firstLo, lastHi, lastLo)),
    address: formatIp({ family, words }),
    site: sites.find(({ world }) => world.store === best.store)!.world.name,
  };
}

/** The first micronet at a key or after the gap that begins there; undefined when a MAB ends first. */
function firstMicronet(store: MappingStore, family: Family, hi: number, lo: number): MappingBody | undefined {
  const body = new MappingBody();
  if (store.lookUp(family, hi, lo, body) === ResultCode.mapping) return body;
  const next = keyAfter(family, { hi: body.lastHi, lo: body.lastLo });
  return next !== undefined && store.lookUp(family, next.hi, next.lo, body) === ResultCode.mapping ? body : undefined;
}
