import { type IpAddress, parseIp, parsePrefix, prefixContains, unmapped } from "../address/index.ts";
import { ControlError } from "../io/control-error.ts";

/** Where no tunnel can end, by prefix. Loopback is not here: in a laboratory ETRs live there. */
const NO_ETRS: readonly (readonly [prefix: string, what: string])[] = [
  ["255.255.255.255/32", "the broadcast address"],
  ["224.0.0.0/4", "multicast"],
  ["240.0.0.0/4", "reserved (240.0.0.0/4)"],
  ["0.0.0.0/8", "no address of a host (0.0.0.0/8)"],
  ["ff00::/8", "multicast"],
  ["fe80::/10", "link-local"],
];

const REFUSED = NO_ETRS.map(([prefix, what]) => [parsePrefix(prefix), what] as const);

/** Reads the address of an ETR, or 0.0.0.0 or :: for "drop". Throws AddressError, or ControlError where no ETR can be. */
export function readEtr(text: string): IpAddress {
  const etr = unmapped(parseIp(text));
  const { family, words } = etr;
  if (words.every((word) => word === 0)) return etr;
  const refused = REFUSED.find(([prefix]) => prefixContains(prefix, family, words[0], family === 6 ? words[1] : 0));
  if (refused !== undefined) throw new ControlError(400, `${text} is ${refused[1]}: no ETR can be there; name one host, or 0.0.0.0 to drop`);
  return etr;
}
