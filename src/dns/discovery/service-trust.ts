import { DnssecError, type TrustAnchor, readTrustAnchors } from "../dnssec/index.ts";
import { ancestorsOf } from "../records/index.ts";
import { Refused } from "./errors.ts";
import type { DemandingQuery, Query, RegistryState, Validation } from "./types.ts";
import { type TrustedZone, fetchKeys, validatingQuery } from "./validating-query.ts";

/** What must vouch for the records of a service, where no registry that is validated has DS data for its zone. */
export interface ServiceRules {
  /** True: something must. */
  readonly always: boolean;
  /** A resolver whose word (AD) is taken for that. */
  readonly resolver?: DemandingQuery | undefined;
}

export interface ServiceTrustOptions {
  readonly registries: readonly RegistryState[];
  readonly rules: ServiceRules;
  /** For services that nothing need vouch for. */
  readonly query: Query;
  readonly validation: Validation;
}

/** Keys of a zone, as one registry gives them. */
interface Voucher {
  readonly registry: string;
  readonly zone: string;
  readonly texts: readonly string[];
}

/**
 * Says how services are asked for, as long as the registries are what they are: the keys of each zone are fetched once. For the
 * first reading of many services, or a later one of few.
 */
export class ServiceTrust {
  readonly #options: ServiceTrustOptions;
  readonly #servicesOf: ReadonlyMap<string, ReadonlySet<string>>;
  /** Those that have DS data of some zone. */
  readonly #keyed: readonly RegistryState[];
  readonly #zones = new Map<string, Promise<TrustedZone>>();

  constructor(options: ServiceTrustOptions) {
    this.#options = options;
    this.#keyed = options.registries.filter(({ keys = {} }) => Object.keys(keys).length > 0);
    this.#servicesOf = new Map(this.#keyed.map(({ apex, sets }) => [apex, new Set([...sets.values()].flatMap(({ services }) => services))]));
  }

  /** What asks for the records of a service. Throws Refused where they could not be trusted, whatever they are, and what `ask` throws. */
  async queryFor(service: string): Promise<Query> {
    const { query, rules, validation } = this.#options;
    const vouchers = this.#vouchersOf(service);
    if (vouchers.length > 0) return validatingQuery(await Promise.all(vouchers.map((voucher) => this.#trustedZone(voucher))), validation);
    if (!rules.always) return query;
    if (rules.resolver !== undefined) return onWordOf(rules.resolver);
    throw new Refused(`no registry that has trust anchors has DS data for the zone of ${service}, and services must be signed: ask for it to be published at <zone>.keys, or name a trusted resolver`);
  }

  /** What vouches for a service, as text: where that is another one, the service must be asked for again. */
  markOf(service: string): string {
    return this.#vouchersOf(service).map(({ registry, zone, texts }) => [registry, zone, ...texts].join("\n")).join("\n\n");
  }

  /** Of registries that name the service. Where there are several, none of them may stand in for another: all must agree. */
  #vouchersOf(service: string): Voucher[] {
    return this.#keyed.flatMap(({ apex, keys }) => {
      if (keys === undefined || this.#servicesOf.get(apex)?.has(service) !== true) return [];
      const zone = ancestorsOf(service).find((name) => Object.hasOwn(keys, name));
      return zone === undefined ? [] : [{ registry: apex, zone, texts: keys[zone]! }];
    });
  }

  #trustedZone(voucher: Voucher): Promise<TrustedZone> {
    const key = `${voucher.zone} ${voucher.registry}`;
    const zone = this.#zones.get(key) ?? fetchKeys(voucher.zone, anchorsOf(voucher), this.#options.validation);
    this.#zones.set(key, zone);
    return zone;
  }
}

/** Throws Refused where none can be used: DS data that nobody can check must not make a signed zone an unsigned one. */
function anchorsOf({ registry, zone, texts }: Voucher): readonly TrustAnchor[] {
  try {
    const { anchors, problems } = readTrustAnchors(texts, zone);
    if (anchors.length > 0) return anchors;
    throw new Refused(`the DS data of ${zone} in ${registry} cannot be used: ${problems.join("; ") || "it is empty or malformed"}`);
  } catch (error) {
    if (!(error instanceof DnssecError)) throw error;
    throw new Refused(`the DS data of ${zone} in ${registry} cannot be used: ${error.message}`, { cause: error });
  }
}

/** A resolver that validates says so of each answer (RFC 4035 section 3.2.3). */
function onWordOf(ask: DemandingQuery): Query {
  return async (name, type, signal) => {
    let isRefused = false;
    const check = ({ authenticated }: { readonly authenticated: boolean }): void => {
      isRefused = !authenticated;
      if (isRefused) throw new Refused("the trusted resolver does not say that it has validated it (AD)");
    };
    try {
      return await ask(name, type, { evidence: "word", check }, signal);
    } catch (error) {
      throw isRefused ? new Refused((error as Error).message, { cause: error }) : error;
    }
  };
}
