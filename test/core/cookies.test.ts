import { describe, expect, test } from "vitest";
import { parseIp } from "../../src/address/index.ts";
import { CookieState, ServerCookies } from "../../src/core/server/cookies.ts";
import { Header } from "../../src/wire/index.ts";

const SECRET = "e5e973e5a6b2a43f48e7dc849e37bfcf";
const CLIENT = "2464c4abcf10c957";
const ADDRESS = "198.51.100.100";
const ISSUED = 1559731985;
const COOKIE = "010000005cf79f111f8130c3eee29480";

function words(hex: string): [number, number, number, number] {
  const word = (index: number): number => Number.parseInt(hex.slice(index * 8, index * 8 + 8), 16);
  return [word(0), word(1), word(2), word(3)];
}

function headerWith(client: string, server = "0".repeat(32)): Header {
  const header = new Header();
  [header.clientCookieHi, header.clientCookieLo] = words(client);
  [header.server0, header.server1, header.server2, header.server3] = words(server);
  return header;
}

function issue(secret: string, client: string, address: string, now: number): string {
  const header = headerWith(client);
  const ip = parseIp(address);
  new ServerCookies(words(secret)).issue(header, ip.family, ...ip.words, now);
  return [header.server0, header.server1, header.server2, header.server3].map((word) => word.toString(16).padStart(8, "0")).join("");
}

function check(cookies: ServerCookies, header: Header, now: number, address = ADDRESS): CookieState {
  const ip = parseIp(address);
  return cookies.check(header, ip.family, ...ip.words, now);
}

const rfcSecret = (): ServerCookies => new ServerCookies(words(SECRET));

describe("RFC 9018 appendix A", () => {
  test.each([
    ["A.1", SECRET, CLIENT, ADDRESS, ISSUED, COOKIE],
    ["A.2", SECRET, CLIENT, ADDRESS, 1559734385, "010000005cf7a871d4a564a1442aca77"],
    ["A.3", SECRET, "fc93fc62807ddb86", "203.0.113.203", 1559734700, "010000005cf7a9acf73a7810aca2381e"],
    ["A.4", "445536bcd2513298075a5d379663c962", "22681ab97d52c298", "2001:db8:220:1:59de:d0f4:8769:82b8", 1559741961, "010000005cf7c609a6bb79d16625507a"],
  ])("%s: the cookie issued", (_, secret, client, address, now, cookie) => {
    expect(issue(secret, client, address, now)).toBe(cookie);
  });

  test("A.2: a cookie of forty minutes ago is good, and due for renewal", () => {
    expect(check(rfcSecret(), headerWith(CLIENT, COOKIE), 1559734385)).toBe(CookieState.aging);
  });

  test("A.3: reserved octets that are not zero are hashed as they came", () => {
    const header = headerWith("fc93fc62807ddb86", "01abcdef5cf78f71a314227b6679ebf5");
    expect(check(rfcSecret(), header, 1559728241, "203.0.113.203")).toBe(CookieState.valid);
  });

  test("A.4: a cookie from the secret before the rotation is good, and due for renewal", () => {
    const cookies = new ServerCookies(words("dd3bdf9344b678b185a6f5cb60fca715"));
    const header = headerWith("22681ab97d52c298", "010000005cf7c57926556bd0934c72f8");
    const address = "2001:db8:220:1:59de:d0f4:8769:82b8";
    expect(check(cookies, header, 1559741961, address)).toBe(CookieState.valid);
    cookies.rotate(words("445536bcd2513298075a5d379663c962"));
    expect(check(cookies, header, 1559741961, address)).toBe(CookieState.aging);
    cookies.rotate(words("00000000000000000000000000000001"));
    expect(check(cookies, header, 1559741961, address)).toBe(CookieState.bad);
  });
});

describe("age", () => {
  test.each([
    ["now", 0, CookieState.valid],
    ["five minutes ahead", -300, CookieState.valid],
    ["more than five minutes ahead", -301, CookieState.bad],
    ["thirty minutes old", 1800, CookieState.valid],
    ["more than thirty minutes old", 1801, CookieState.aging],
    ["one hour old", 3600, CookieState.aging],
    ["more than one hour old", 3601, CookieState.bad],
  ])("%s", (_, age, state) => {
    expect(check(rfcSecret(), headerWith(CLIENT, COOKIE), ISSUED + age)).toBe(state);
  });

  test("the wrap of the 32-bit clock changes nothing", () => {
    const lastSecond = 0xffffffff;
    const header = headerWith(CLIENT, issue(SECRET, CLIENT, ADDRESS, lastSecond));
    expect(check(rfcSecret(), header, lastSecond + 600)).toBe(CookieState.valid);
    expect(check(rfcSecret(), header, lastSecond + 2000)).toBe(CookieState.aging);
    expect(check(rfcSecret(), header, lastSecond + 4000)).toBe(CookieState.bad);
    const ahead = headerWith(CLIENT, issue(SECRET, CLIENT, ADDRESS, lastSecond + 100));
    expect(check(rfcSecret(), ahead, lastSecond)).toBe(CookieState.valid);
  });
});

describe("what the cookie is bound to", () => {
  test("sixteen zero octets are no cookie", () => {
    expect(check(rfcSecret(), headerWith(CLIENT), ISSUED)).toBe(CookieState.absent);
  });

  test("another address, client cookie or version makes it worthless", () => {
    expect(check(rfcSecret(), headerWith(CLIENT, COOKIE), ISSUED, "198.51.100.101")).toBe(CookieState.bad);
    expect(check(rfcSecret(), headerWith(CLIENT, COOKIE), ISSUED, "2001:db8::1")).toBe(CookieState.bad);
    expect(check(rfcSecret(), headerWith("2464c4abcf10c958", COOKIE), ISSUED)).toBe(CookieState.bad);
    expect(check(rfcSecret(), headerWith(CLIENT, `02${COOKIE.slice(2)}`), ISSUED)).toBe(CookieState.bad);
  });

  test("every flipped bit of it is noticed", () => {
    for (let bit = 0; bit < 128; bit++) {
      const octet = Math.floor(bit / 8) * 2;
      const flipped = (Number.parseInt(COOKIE.slice(octet, octet + 2), 16) ^ (1 << (bit % 8))).toString(16).padStart(2, "0");
      const header = headerWith(CLIENT, COOKIE.slice(0, octet) + flipped + COOKIE.slice(octet + 2));
      expect(check(rfcSecret(), header, ISSUED)).toBe(CookieState.bad);
    }
  });

  test("all of an IPv6 address counts", () => {
    const header = headerWith(CLIENT, issue(SECRET, CLIENT, "2001:db8::1", ISSUED));
    expect(check(rfcSecret(), header, ISSUED, "2001:db8::1")).toBe(CookieState.valid);
    for (const address of ["2001:db9::1", "2001:db8:0:1::1", "2001:db8::1:0:1", "2001:db8::2"]) {
      expect(check(rfcSecret(), header, ISSUED, address)).toBe(CookieState.bad);
    }
  });
});
