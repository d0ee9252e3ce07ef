import { beforeEach, describe, expect, test } from "vitest";
import { parseIp } from "../../src/address/index.ts";
import { PeerTable } from "../../src/core/link/peer-table.ts";
import { CookieState } from "../../src/core/server/cookies.ts";
import { PeerCookies } from "../../src/core/server/peer-cookies.ts";
import { Header } from "../../src/wire/index.ts";

const SECOND = 1_000_000;
const ISSUED = 1_000 * SECOND;
const FIELDS = ["clientCookieHi", "clientCookieLo", "server0", "server1", "server2", "server3"] as const;

let peers: PeerTable;
let cookies: PeerCookies;
let header: Header;

function peerAt(address: string): number {
  const { family, words } = parseIp(address);
  return peers.intern(0, family, ...words, 4344);
}

function flipped(field: (typeof FIELDS)[number], bit: number): Header {
  const other = Object.assign(new Header(), header);
  other[field] = (header[field] ^ (1 << bit)) >>> 0;
  return other;
}

beforeEach(() => {
  peers = new PeerTable(2, () => 7);
  cookies = new PeerCookies([1, 2, 3, 4], peers);
  header = Object.assign(new Header(), { clientCookieHi: 5, clientCookieLo: 6 });
  cookies.issue(ISSUED, peerAt("192.0.2.1"), header);
});

describe("a peer that has proved itself", () => {
  test("is believed again as long as its cookie is good, and no longer", () => {
    const peer = peerAt("192.0.2.1");
    const ages = [0, 0, 1800, 1801, 3600, 3601, 0, -300, -301];
    const states = ages.map((age) => cookies.check(ISSUED + age * SECOND, peer, header));
    const { valid, aging, bad } = CookieState;
    expect(states).toEqual([valid, valid, valid, aging, aging, bad, valid, valid, bad]);
  });

  test("is not believed with another cookie, by as little as one bit", () => {
    const peer = peerAt("192.0.2.1");
    expect(cookies.check(ISSUED, peer, header)).toBe(CookieState.valid);
    for (const field of FIELDS) for (let bit = 0; bit < 32; bit++) expect([field, bit, cookies.check(ISSUED, peer, flipped(field, bit))]).toEqual([field, bit, CookieState.bad]);
    expect(cookies.check(ISSUED, peer, header)).toBe(CookieState.valid);
  });

  test("is to renew its cookie after a rotation, and is not believed after two", () => {
    const peer = peerAt("192.0.2.1");
    cookies.check(ISSUED, peer, header);
    cookies.rotate([4, 3, 2, 1]);
    expect([cookies.check(ISSUED, peer, header), cookies.check(ISSUED, peer, header)]).toEqual([CookieState.aging, CookieState.aging]);
    cookies.rotate([2, 1, 4, 3]);
    expect(cookies.check(ISSUED, peer, header)).toBe(CookieState.bad);
  });

  test("has not proved another, nor who has its number after it", () => {
    const peer = peerAt("192.0.2.1");
    cookies.check(ISSUED, peer, header);
    expect(cookies.check(ISSUED, peerAt("192.0.2.2"), header)).toBe(CookieState.bad);
    const heirs = ["192.0.2.3", "192.0.2.4", "192.0.2.5"].map(peerAt);
    expect(heirs).toContain(peer);
    for (const heir of heirs) expect(cookies.check(ISSUED, heir, header)).toBe(CookieState.bad);
  });
});

test("without a server cookie a peer has none, proven or not", () => {
  const peer = peerAt("192.0.2.1");
  const bare = Object.assign(new Header(), { clientCookieHi: 5, clientCookieLo: 6 });
  expect(cookies.check(ISSUED, peer, bare)).toBe(CookieState.absent);
  cookies.check(ISSUED, peer, header);
  expect(cookies.check(ISSUED, peer, bare)).toBe(CookieState.absent);
  expect(cookies.check(ISSUED, peer, new Header())).toBe(CookieState.absent);
});
