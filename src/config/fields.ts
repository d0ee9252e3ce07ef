import { type IpAddress, type Prefix, isLoopback, isUnspecified, parseIp, parsePrefix, sameIp, unmapped } from "../address/index.ts";
import type { Check, Field } from "./field.ts";
import { number, parsed } from "./form.ts";

export interface Endpoint {
  readonly address: IpAddress;
  readonly port: number;
}

/**
 * Reads `198.51.100.1:4344` or `[2001:db8::1]:4344`; where a port may be left out, `2001:db8::1` too. Throws Error with what
 * is wrong.
 */
export function parseEndpoint(text: string, defaultPort?: number): Endpoint {
  const bare = defaultPort !== undefined && text.split(":").length > 2 && !text.startsWith("[");
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(bare ? `[${text}]` : text) ?? [];
  const host = match[1] ?? match[2];
  const port = match[3] === undefined ? defaultPort : Number(match[3]);
  if (host === undefined || port === undefined) throw new Error(`"${text}" is no endpoint: write ADDRESS:PORT, or [IPV6-ADDRESS]:PORT`);
  if (port < 1 || port > 65_535) throw new Error(`"${text}" is no endpoint: its port is not 1 to 65535`);
  return { address: parseIp(host), port };
}

export const endpoint = parsed((text) => parseEndpoint(text));
export const dnsEndpoint = parsed((text) => parseEndpoint(text, 53));
/** IPv4 addresses in IPv6 form are IPv4 addresses. */
export const ipAddress: Field<IpAddress> = parsed((text) => unmapped(parseIp(text)));
export const prefix: Field<Prefix> = parsed(parsePrefix);

/** With the dot at its end: RFC 1035 counts 255 octets, one for the root and one before each label. */
const LONGEST_NAME = 254;

/** A domain name as it is kept: absolute and lower-case. Throws Error with what is wrong. */
export function parseDomainName(text: string): string {
  const name = `${text.toLowerCase().replace(/\.$/, "")}.`;
  if (name.length > LONGEST_NAME || !/^([a-z0-9_-]{1,63}\.)+$/.test(name)) throw new Error(`"${text}" is no domain name`);
  return name;
}

export const domainName = parsed(parseDomainName);

export function seconds(least: number, most: number): Field<number> {
  return number(least, most);
}

/** For a list in which no item may have the key of one before it. */
export function distinct<T>(keyOf: (item: T) => string | number, problem: string): Check<readonly T[]> {
  return (items, refuse) => {
    const first = new Map<string | number, number>();
    for (const [index, item] of items.entries()) {
      const key = keyOf(item);
      const before = first.get(key);
      if (before === undefined) first.set(key, index);
      else refuse([index], listedOnce(problem, before));
    }
  };
}

/** Sockets that can be bound together. */
export const compatible: Check<Endpoint[]> = (value, refuse) => {
  for (const [index, own] of value.entries()) {
    const before = value.slice(0, index).findIndex((earlier) => clashes(earlier, own));
    if (before >= 0) refuse([index], listedOnce("takes the address and port of an earlier one", before));
  }
};

function listedOnce(problem: string, before: number): string {
  return `it ${problem} (item ${before + 1}): list it once`;
}

function clashes(a: Endpoint, b: Endpoint): boolean {
  const { family } = a.address;
  return a.port === b.port && family === b.address.family && (sameIp(a.address, b.address) || isUnspecified(a.address) || isUnspecified(b.address));
}

function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && a.address.family === b.address.family && sameIp(a.address, b.address);
}

/** A server that asks itself waits for ever for its own answer. */
export const othersOnly: Check<{ listen: readonly Endpoint[]; upstreams: readonly Endpoint[] }> = (value, refuse) => {
  for (const [index, upstream] of value.upstreams.entries()) {
    if (value.listen.some((own) => sameEndpoint(own, upstream))) refuse(["upstreams", index], "it is this server, by \"listen\": name another");
  }
};

/** A lower bound is at most the upper one. */
export function ordered<L extends string, M extends string>(least: L, most: M): Check<Record<L | M, number>> {
  return (value, refuse) => {
    if (value[least] <= value[most]) return;
    refuse([least], `${value[least]} is more than "${most}", which is ${value[most]}: lower it, or raise that`);
  };
}

/** Between us and it nobody may change a bit, and it is asked only where its word is needed. */
export const trustedResolver: Check<{ signed: string; trustedResolver?: Endpoint | undefined }> = (value, refuse) => {
  const { signed, trustedResolver: resolver } = value;
  if (resolver === undefined) return;
  if (!isLoopback(resolver.address)) refuse(["trustedResolver"], "it is not on this machine, so that its word could be changed on the way: run one here, on 127.0.0.1 or ::1");
  if (signed !== "always") refuse(["trustedResolver"], 'its word counts only with signed "always": say so, or take it out');
};

/** Services that must always be signed need somebody who can vouch for them. */
export const signable: Check<{ services: { signed: string; trustedResolver?: Endpoint | undefined }; registries: readonly { trustAnchors: readonly string[] }[] }> = (value, refuse) => {
  const { services, registries } = value;
  if (services.signed !== "always" || services.trustedResolver !== undefined || registries.some(({ trustAnchors }) => trustAnchors.length > 0)) return;
  refuse(["services", "signed"], 'no service could ever be used: without trustAnchors of a registry there is no DS data, and no trustedResolver is named; give either, or "where-known"');
};
