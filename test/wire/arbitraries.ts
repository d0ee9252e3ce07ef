import fc from "fast-check";
import { type Family, type IpAddress, compareKeys, keyBits, prefixAround, prefixLast } from "../../src/address/index.ts";
import {
  Acknowledgement,
  CacheUpdate,
  type Header,
  type LoadShift,
  MapReply,
  MapRequest,
  type MappingBody,
  ResultCode,
  Trace,
  UpdateAction,
} from "../../src/wire/index.ts";

export const uint32 = fc.nat({ max: 0xffffffff });
const uint16 = fc.nat({ max: 0xffff });
const family = fc.constantFrom<Family>(4, 6);
const key = fc.tuple(uint32, uint32);

const headerFields = fc.record({
  flags: uint16,
  sequence: uint32,
  nonceHi: uint32,
  nonceLo: uint32,
  clientCookieHi: uint32,
  clientCookieLo: uint32,
  server0: uint32,
  server1: uint32,
  server2: uint32,
  server3: uint32,
});

export const mapRequest = fc
  .record({
    header: headerFields,
    family: fc.constantFrom(0, 4, 6),
    received: uint32,
    floorLineage: uint32,
    floorHi: uint32,
    floorLo: uint32,
    key,
  })
  .map(({ header, key: [hi, lo], ...fields }) => {
    const message = new MapRequest();
    Object.assign(message.header, header);
    return Object.assign(message, fields, { keyHi: fields.family === 0 ? 0 : hi, keyLo: fields.family === 6 ? lo : 0 });
  });

export const acknowledgement = fc
  .record({ header: headerFields, result: fc.nat({ max: 11 }), value: uint32, epochHi: uint32, epochLo: uint32 })
  .map(({ header, ...fields }) => withHeader(Object.assign(new Acknowledgement(), fields), header));

/** A range inside a prefix, in its MAB's terms; the whole prefix when `whole`. */
const range = fc.tuple(family, key, key, fc.nat({ max: 64 })).map(([of, a, b, bits]) => {
  const prefixLength = Math.min(bits, keyBits(of));
  const prefix = prefixAround(of, ...a, prefixLength);
  const end = prefixLast(prefix);
  const other = { hi: (prefix.hi | (b[0] & (end.hi ^ prefix.hi))) >>> 0, lo: (prefix.lo | (b[1] & (end.lo ^ prefix.lo))) >>> 0 };
  const here = { hi: a[0], lo: of === 4 ? 0 : a[1] };
  const [first, last] = compareKeys(here.hi, here.lo, other.hi, other.lo) <= 0 ? [here, other] : [other, here];
  return { family: of, prefixLength, first, last, whole: { first: { hi: prefix.hi, lo: prefix.lo }, last: end } };
});

const numbers = fc.record({
  cachingMs: uint32,
  epochHi: uint32,
  epochLo: uint32,
  versionLineage: uint32,
  versionHi: uint32,
  versionLo: uint32,
  positionLineage: uint32,
  positionHi: uint32,
  positionLo: uint32,
  counter: uint32,
});

const address = fc.tuple(family, uint32, uint32, uint32, uint32).map(([of, w0, w1, w2, w3]): IpAddress => {
  return { family: of, words: of === 4 ? [w0, 0, 0, 0] : [w0, w1, w2, w3] };
});

const parts = fc.record({ header: headerFields, numbers, range, etr: address });

type Parts = typeof parts extends fc.Arbitrary<infer T> ? T : never;

export const mapReply = fc.tuple(parts, fc.constantFrom(...Object.values(ResultCode))).map(([from, result]) => {
  const message = withHeader(Object.assign(new MapReply(), { result }), from.header);
  Object.assign(message.body, from.numbers);
  if (result <= ResultCode.notInAnyMab) fillRange(message.body, from.range, from.range);
  if (result === ResultCode.notInAnyMab) message.body.prefixLength = 0;
  if (result === ResultCode.mapping) fillEtr(message.body, from.etr);
  return message;
});

export const cacheUpdate = fc.tuple(parts, fc.constantFrom(...Object.values(UpdateAction))).map(([from, action]) => {
  const message = withHeader(Object.assign(new CacheUpdate(), { action }), from.header);
  Object.assign(message.body, from.numbers);
  if (action === UpdateAction.flushMab) fillRange(message.body, from.range, from.range.whole);
  else if (action !== UpdateAction.flushAll) fillRange(message.body, from.range, from.range);
  if (action === UpdateAction.update) fillEtr(message.body, from.etr);
  return message;
});

const name = fc.stringMatching(/^[a-z0-9._-]{1,40}$/);

export const loadShift: fc.Arbitrary<LoadShift> = fc.record({
  share: fc.nat({ max: 100 }),
  holdMs: uint32,
  alternatives: fc.array(fc.oneof(address, name), { maxLength: 16 }),
});

export const trace = fc
  .record({ fromCache: fc.boolean(), port: uint16, rtt: uint32, address: fc.option(address) })
  .map(({ address: upstream, ...fields }) => {
    const [word0, word1, word2, word3] = upstream?.words ?? [0, 0, 0, 0];
    return Object.assign(new Trace(), fields, { family: upstream?.family ?? 0, word0, word1, word2, word3 });
  });

function withHeader<T extends { readonly header: Header }>(message: T, fields: Partial<Header>): T {
  Object.assign(message.header, fields);
  return message;
}

type Ends = Pick<Parts["range"], "first" | "last">;

function fillRange(body: MappingBody, mab: Parts["range"], { first, last }: Ends): void {
  body.family = mab.family;
  body.prefixLength = mab.prefixLength;
  body.firstHi = first.hi;
  body.firstLo = first.lo;
  body.lastHi = last.hi;
  body.lastLo = last.lo;
}

function fillEtr(body: MappingBody, etr: IpAddress): void {
  body.etrFamily = etr.family;
  [body.etr0, body.etr1, body.etr2, body.etr3] = etr.words;
}
