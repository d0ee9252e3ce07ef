import { expect, test } from "vitest";
import { parseIp, parsePrefix } from "../../src/address/index.ts";
import type { ServiceEntry } from "../../src/core/mabs/catalogue-content.ts";
import { Catalogue, EMPTY_CATALOGUE } from "../../src/core/mabs/catalogue.ts";
import { mailOf, openMail, openMailUnread } from "../../src/io/catalogue-mail.ts";

function service(name: string, ...addresses: readonly string[]): ServiceEntry {
  return { name, servers: addresses.map((address, place) => ({ name: `qsa${place}.${name}`, address: parseIp(address), port: 4344, tier: 10, region: "Zürich", weight: 100 })) };
}

function catalogueOf(...services: readonly ServiceEntry[]): Catalogue {
  return Catalogue.of({ mabs: services.map((_, place) => ({ prefix: parsePrefix(`10.${place}.0.0/16`), services: [place], set: `set${place}` })), services });
}

/** Read in full: one that is unread has its servers where they are asked for only. */
function read(services: readonly ServiceEntry[]): ServiceEntry[] {
  return services.map(({ name, servers }) => ({ name, servers }));
}

for (const [what, open] of [["read", openMail], ["unread", openMailUnread]] as const) {
  test(`services arrive as they are, those that say what they said before as the same ones (${what})`, () => {
    const [a, b, c] = [service("s1.a.example.", "192.0.2.1", "2001:db8::1"), service("s1.b.example."), service("s1.c\\010.example.", "192.0.2.3")];
    const first = catalogueOf(a, b);
    const opened = open(mailOf(first, undefined), EMPTY_CATALOGUE);
    expect(read(opened.services)).toEqual([a, b]);
    const next = open(mailOf(catalogueOf(c, b, service("s1.a.example.", "192.0.2.1", "2001:db8::1")), first), opened);
    expect(read(next.services)).toEqual([c, b, a]);
    expect(next.services[2]).toBe(opened.services[0]);
    expect(next.services[1]).toBe(opened.services[1]);
    const changed = service("s1.a.example.", "192.0.2.1");
    expect(read(open(mailOf(catalogueOf(changed), first), opened).services)).toEqual([changed]);
    expect(open(null, next)).toBe(EMPTY_CATALOGUE);
  });
}
