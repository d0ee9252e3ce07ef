import { beforeEach, describe, expect, test } from "vitest";
import { parseIp } from "../../../src/address/index.ts";
import { Refused } from "../../../src/dns/discovery/errors.ts";
import { readService } from "../../../src/dns/discovery/service.ts";
import { type ServiceRules, ServiceTrust } from "../../../src/dns/discovery/service-trust.ts";
import type { RegistryState } from "../../../src/dns/discovery/types.ts";
import { RecordType, type ResourceRecord, encodeSoa } from "../../../src/dns/records/index.ts";
import { RecordTable, svcb } from "../../support/registry.ts";
import { SignedDns, signedZone } from "../../support/signed-dns.ts";
import { DAY, NOW, dsText, makeKey } from "../../support/zone-signer.ts";

const ZONE = "dsoc-a.example.";
const SERVICE = `s1.${ZONE}`;
const key = makeKey(ZONE);
const other = makeKey(ZONE);

let dns: SignedDns;

beforeEach(() => {
  dns = new SignedDns().serve(ZONE, signedZone(ZONE, zone("198.51.100.1"), [key]));
});

function zone(hint: string): ResourceRecord[] {
  const soa = { mname: `ns.${ZONE}`, rname: `ns.${ZONE}`, serial: 1, refresh: 60, retry: 60, expire: 3600, minimum: 60 };
  return [{ name: ZONE, type: RecordType.SOA, ttl: 60, data: encodeSoa(soa) }, svcb(SERVICE, { target: `fra1.${ZONE}`, ipv4hint: [parseIp(hint)] })];
}

/** A registry that names the service, and the DS data that it has. */
function registry(keys: RegistryState["keys"], apex = "drtm.example.", services = [SERVICE]): RegistryState {
  const sets = new Map([["0000000000", { id: "0000000000", digest: "", services, buckets: new Map() }]]);
  return { apex, serial: 1, refresh: 1, retry: 1, expire: 3_600, sets, problems: [], settled: true, ...(keys === undefined ? {} : { keys }) };
}

/** The addresses of the service's QSAs. */
async function qsas(registries: readonly RegistryState[], rules: ServiceRules = { always: false }): Promise<string[]> {
  const plain = new RecordTable(zone("203.0.113.66"));
  const trust = new ServiceTrust({ registries, rules, query: plain.query, validation: dns.validation });
  const { servers } = await readService(SERVICE, { allowLoopback: false, allowPrivate: false }, await trust.queryFor(SERVICE));
  return servers.map(({ address }) => address.words[0].toString(16));
}

const OF_ZONE = ["c6336401"];
const AS_IT_COMES = ["cb007142"];

describe("a service whose zone has DS data in a validated registry", () => {
  test.each([
    ["of SHA-256", [dsText(key)]],
    ["of SHA-384", [dsText(key, "sha384")]],
    ["of several keys, as in a roll", [dsText(other), dsText(key)]],
    ["beside DS data that nobody here can use", ["60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118", dsText(key)]],
  ])("is taken when a key that it stands for has signed: DS data %s", async (_what, ds) => {
    expect(await qsas([registry({ [ZONE]: ds })])).toEqual(OF_ZONE);
  });

  test.each<[string, () => unknown, RegExp]>([
    ["not signed: a downgrade", () => dns.serve(ZONE, zone("203.0.113.66")), /DNSKEY of dsoc-a\.example\.: there is none/],
    ["stripped of its signature", () => (dns.tamper = (sections, _name, type) => (type === RecordType.SVCB ? sections.slice(0, 1) : sections)), /SVCB of _drtm\.s1\.dsoc-a\.example\.: no RRSIG covers it/],
    ["signed by another key", () => dns.serve(ZONE, signedZone(ZONE, zone("203.0.113.66"), [other])), /no key of the zone is one of its trust anchors \(anchors: \d+; keys: \d+/],
    ["signed by a key that the zone does not have", () => (dns.tamper = forged), /SVCB of _drtm\.s1\.dsoc-a\.example\.: the signature by key \d+.* is by no key that is trusted|does not fit the records/],
    ["expired", () => (dns.now = NOW + 15 * DAY), /expired at/],
    ["denied without proof", () => (dns.tamper = (sections, _name, type) => (type === RecordType.SVCB ? [] : sections)), /SVCB of _drtm\.s1\.dsoc-a\.example\. is said to be absent, but no NSEC/],
  ])("is refused when its answer is %s", async (_what, spoil, reason) => {
    spoil();
    const refusal = await qsas([registry({ [ZONE]: [dsText(key)] })]).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(Refused);
    expect((refusal as Error).message).toMatch(reason);
  });

  test.each([
    [["60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118"], /the DS data of dsoc-a\.example\. in drtm\.example\. cannot be used: .*algorithm 5 \(RSASHA1\)/],
    [[], /cannot be used: it is empty or malformed/],
    [Array.from({ length: 17 }, () => dsText(key)), /has more than 16 trust anchors/],
  ])("is refused when none of it can be used", async (ds, reason) => {
    await expect(qsas([registry({ [ZONE]: ds })])).rejects.toThrow(reason);
  });

  test("the nearest zone with DS data counts", async () => {
    expect(await qsas([registry({ "example.": [dsText(makeKey("example."))], [ZONE]: [dsText(key)] })])).toEqual(OF_ZONE);
    await expect(qsas([registry({ "example.": [dsText(makeKey("example."))] })])).rejects.toThrow(Refused);
  });

  test("several registries that name it must agree; one that does not name it has no say", async () => {
    const right = registry({ [ZONE]: [dsText(key)] });
    const wrong = { [ZONE]: [dsText(other)] };
    expect(await qsas([right, registry({ [ZONE]: [dsText(key, "sha384")] }, "second.example.")])).toEqual(OF_ZONE);
    await expect(qsas([right, registry(wrong, "second.example.")])).rejects.toThrow(/no key of the zone is one of its trust anchors/);
    const parent = makeKey("example.");
    dns.serve("example.", signedZone("example.", [{ ...zone("203.0.113.66")[0]!, name: "example." }], [parent]));
    await expect(qsas([right, registry({ "example.": [dsText(parent)] }, "second.example.")])).rejects.toThrow(/is signed by dsoc-a\.example\., not by the zone example\./);
    expect(await qsas([right, registry(wrong, "second.example.", ["s2.dsoc-a.example."])])).toEqual(OF_ZONE);
    expect(await qsas([right, registry(undefined, "second.example.")])).toEqual(OF_ZONE);
  });

  test("keys of a zone are fetched once for all services that are read together", async () => {
    const services = [SERVICE, `s2.${ZONE}`, `s3.${ZONE}`];
    const trust = new ServiceTrust({ registries: [registry({ [ZONE]: [dsText(key)] }, "drtm.example.", services)], rules: { always: false }, query: new RecordTable([]).query, validation: dns.validation });
    await Promise.all(services.map((service) => trust.queryFor(service)));
    expect(dns.asked).toEqual([`${ZONE} ${RecordType.DNSKEY}`]);
  });
});

describe("a service without DS data", () => {
  test.each([
    ["in a registry that is not validated", undefined],
    ["in one that is", {}],
  ])("%s is taken as it comes", async (_what, keys) => {
    expect(await qsas([registry(keys)])).toEqual(AS_IT_COMES);
    expect(dns.asked).toEqual([]);
  });

  test("is refused where something must always vouch", async () => {
    await expect(qsas([registry({})], { always: true })).rejects.toThrow(/no registry that has trust anchors has DS data for the zone of s1\.dsoc-a\.example\./);
  });

  test("is taken on the word of a trusted resolver, and not without it", async () => {
    const rules = { always: true, resolver: dns.ask };
    await expect(qsas([registry({})], rules)).rejects.toThrow("the trusted resolver does not say that it has validated it (AD)");
    dns.authenticated = true;
    expect(await qsas([registry({})], rules)).toEqual(OF_ZONE);
  });

  test("the resolver's word does not stand in for DS data", async () => {
    dns.authenticated = true;
    await expect(qsas([registry({ [ZONE]: [dsText(other)] })], { always: true, resolver: dns.ask })).rejects.toThrow(/trust anchors/);
  });
});

/** The zone's records, and the service's as another key with the same tag could not have signed them. */
function forged(sections: readonly ResourceRecord[], _name: string, type: number): readonly ResourceRecord[] {
  if (type !== RecordType.SVCB) return sections;
  return signedZone(ZONE, zone("203.0.113.66"), [other]).filter(({ name }) => name === `_drtm.${SERVICE}`);
}
