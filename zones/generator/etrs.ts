import type { Family, IpAddress, Prefix } from "../../src/address/index.ts";
import type { AddressPlan } from "./address-plan.ts";
import type { Random } from "./random.ts";
import { PROVIDERS } from "./world.ts";

/** Percent of IPv6 micronets whose tunnel goes over IPv6. */
const OVER_IPV6 = 60;
const ETRS_PER_PROVIDER = 40;

/** Tunnel endpoints in the address space of access providers. */
export class EtrPool {
  readonly #ipv4: readonly IpAddress[];
  readonly #ipv6: readonly IpAddress[];

  constructor(plan: AddressPlan, random: Random) {
    const pool = (family: Family): IpAddress[] =>
      PROVIDERS.flatMap(({ asn }) => {
        const prefixes = plan.get(asn)!.filter((prefix) => prefix.family === family);
        return prefixes.length === 0 ? [] : Array.from({ length: ETRS_PER_PROVIDER }, () => addressIn(random.pick(prefixes), random));
      });
    this.#ipv4 = pool(4);
    this.#ipv6 = pool(6);
  }

  pick(family: Family, random: Random): IpAddress {
    const overIpv6 = family === 6 && random.chance(OVER_IPV6);
    return random.pick(overIpv6 ? this.#ipv6 : this.#ipv4);
  }
}

/** A router's address: neither the first nor the last of a /24, or `::1` of the prefix. */
function addressIn({ family, hi, lo }: Prefix, random: Random): IpAddress {
  return { family, words: family === 4 ? [hi + 1 + random.below(254), 0, 0, 0] : [hi, lo, 0, 1] };
}
