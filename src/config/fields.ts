import { z } from "zod";
import { type IpAddress, type Prefix, isLoopback, isUnspecified, parseIp, parsePrefix, sameIp, unmapped } from "../address/index.ts";

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

/** A field read from text by a parser that throws. */
export function parsed<T>(parse: (text: string) => T): z.ZodType<T, string> {
  return z.string().transform((text, context) => {
    try {
      return parse(text);
    } catch (error) {
      context.addIssue({ code: "custom", message: (error as Error).message });
      return z.NEVER;
    }
  });
}

export const endpoint = parsed((text) => parseEndpoint(text));
export const dnsEndpoint = parsed((text) => parseEndpoint(text, 53));
/** IPv4 addresses in IPv6 form are IPv4 addresses. */
export const ipAddress: z.ZodType<IpAddress, string> = parsed((text) => unmapped(parseIp(text)));
export const prefix: z.ZodType<Prefix, string> = parsed(parsePrefix);

/** With the dot at its end: RFC 1035 counts 255 octets, one for the root and one before each label. */
const LONGEST_NAME = 254;

/** A domain name, kept absolute and lower-case. */
export const domainName = parsed((text) => {
  const name = `${text.toLowerCase().replace(/\.$/, "")}.`;
  if (name.length > LONGEST_NAME || !/^([a-z0-9_-]{1,63}\.)+$/.test(name)) throw new Error(`"${text}" is no domain name`);
  return name;
});

export function seconds(least: number, most: number): z.ZodNumber {
  return z.number().min(least).max(most);
}

export function count(least: number, most: number): z.ZodInt {
  return z.int().min(least).max(most);
}

/** A list in which no item has the key of one before it. */
export function distinct<T extends z.ZodArray>(list: T, keyOf: (item: z.output<T>[number]) => string | number, problem: string): T {
  return list.superRefine((items: z.output<T>[number][], context) => {
    const first = new Map<string | number, number>();
    for (const [index, item] of items.entries()) {
      const key = keyOf(item);
      const before = first.get(key);
      if (before === undefined) first.set(key, index);
      else context.addIssue({ code: "custom", path: [index], message: listedOnce(problem, before) });
    }
  });
}

/** Sockets that can be bound together. */
export const compatible: z.core.CheckFn<Endpoint[]> = ({ value, issues }) => {
  for (const [index, own] of value.entries()) {
    const before = value.slice(0, index).findIndex((earlier) => clashes(earlier, own));
    if (before >= 0) issues.push({ code: "custom", input: value, path: [index], message: listedOnce("takes the address and port of an earlier one", before) });
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
export const othersOnly: z.core.CheckFn<{ listen: readonly Endpoint[]; upstreams: readonly Endpoint[] }> = ({ value, issues }) => {
  for (const [index, upstream] of value.upstreams.entries()) {
    if (value.listen.some((own) => sameEndpoint(own, upstream))) issues.push({ code: "custom", input: value, path: ["upstreams", index], message: "it is this server, by \"listen\": name another" });
  }
};

/** A lower bound is at most the upper one. */
export function ordered<L extends string, M extends string>(least: L, most: M): z.core.CheckFn<Record<L | M, number>> {
  return ({ value, issues }) => {
    if (value[least] <= value[most]) return;
    issues.push({ code: "custom", input: value, path: [least], message: `${value[least]} is more than "${most}", which is ${value[most]}: lower it, or raise that` });
  };
}

/** Between us and it nobody may change a bit, and it is asked only where its word is needed. */
export const trustedResolver: z.core.CheckFn<{ signed: string; trustedResolver?: Endpoint | undefined }> = ({ value, issues }) => {
  const { signed, trustedResolver: resolver } = value;
  if (resolver === undefined) return;
  if (!isLoopback(resolver.address)) issues.push({ code: "custom", input: value, path: ["trustedResolver"], message: "it is not on this machine, so that its word could be changed on the way: run one here, on 127.0.0.1 or ::1" });
  if (signed !== "always") issues.push({ code: "custom", input: value, path: ["trustedResolver"], message: 'its word counts only with signed "always": say so, or take it out' });
};

/** Services that must always be signed need somebody who can vouch for them. */
export const signable: z.core.CheckFn<{ services: { signed: string; trustedResolver?: Endpoint | undefined }; registries: readonly { trustAnchors: readonly string[] }[] }> = ({ value, issues }) => {
  const { services, registries } = value;
  if (services.signed !== "always" || services.trustedResolver !== undefined || registries.some(({ trustAnchors }) => trustAnchors.length > 0)) return;
  issues.push({ code: "custom", input: value, path: ["services", "signed"], message: 'no service could ever be used: without trustAnchors of a registry there is no DS data, and no trustedResolver is named; give either, or "where-known"' });
};
