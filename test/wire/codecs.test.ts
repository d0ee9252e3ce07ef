import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ACK_OCTETS,
  Acknowledgement,
  type AcknowledgementType,
  CacheUpdate,
  ExtensionReader,
  ExtensionType,
  Fault,
  HEADER_OCTETS,
  Header,
  MAP_REPLY_OCTETS,
  MAP_REQUEST_OCTETS,
  MAX_DATAGRAM_OCTETS,
  MapReply,
  MapRequest,
  MessageType,
  TRACE_OCTETS,
  Trace,
  WireError,
  appendLoadShift,
  appendPadding,
  appendTrace,
  decodeAcknowledgement,
  decodeCacheUpdate,
  decodeDatagram,
  decodeHeader,
  decodeLoadShift,
  decodeMapReply,
  decodeMapRequest,
  decodeTrace,
  encodeAcknowledgement,
  encodeCacheUpdate,
  encodeExtensionHeader,
  encodeMapReply,
  encodeMapRequest,
  findExtension,
} from "../../src/wire/index.ts";
import { acknowledgement, cacheUpdate, loadShift, mapReply, mapRequest, trace } from "./arbitraries.ts";
import { readVectors } from "./vector.ts";

const FIRST_EXTENSION = MAP_REPLY_OCTETS;
const ackType = fc.constantFrom<AcknowledgementType>(MessageType.mapRequestAck, MessageType.mapReplyAck, MessageType.cacheUpdateAck);

/** A slot as drivers have them: larger than any datagram, and full of what came before. */
function usedSlot(): DataView {
  return new DataView(new Uint8Array(MAX_DATAGRAM_OCTETS + 64).fill(0xff).buffer);
}

describe("what is written is read", () => {
  test("Map Request", () => {
    fc.assert(
      fc.property(mapRequest, (message) => {
        const view = usedSlot();
        const read = new MapRequest();
        expect(encodeMapRequest(view, message)).toBe(MAP_REQUEST_OCTETS);
        expect(decodeMapRequest(view, MAP_REQUEST_OCTETS, read)).toBe(Fault.none);
        message.header.type = MessageType.mapRequest;
        expect(read).toEqual(message);
      }),
    );
  });

  test("Map Reply", () => {
    fc.assert(
      fc.property(mapReply, (message) => {
        const view = usedSlot();
        const read = new MapReply();
        expect(encodeMapReply(view, message)).toBe(MAP_REPLY_OCTETS);
        expect(decodeMapReply(view, MAP_REPLY_OCTETS, read)).toBe(Fault.none);
        message.header.type = MessageType.mapReply;
        expect(read).toEqual(message);
      }),
    );
  });

  test("Cache Update", () => {
    fc.assert(
      fc.property(cacheUpdate, (message) => {
        const view = usedSlot();
        const read = new CacheUpdate();
        expect(encodeCacheUpdate(view, message)).toBe(MAP_REPLY_OCTETS);
        expect(decodeCacheUpdate(view, MAP_REPLY_OCTETS, read)).toBe(Fault.none);
        message.header.type = MessageType.cacheUpdate;
        expect(read).toEqual(message);
      }),
    );
  });

  test("acknowledgements", () => {
    fc.assert(
      fc.property(ackType, acknowledgement, (type, message) => {
        const view = usedSlot();
        const read = new Acknowledgement();
        expect(encodeAcknowledgement(view, type, message)).toBe(ACK_OCTETS);
        expect(decodeAcknowledgement(view, ACK_OCTETS, type, read)).toBe(Fault.none);
        message.header.type = type;
        expect(read).toEqual(message);
      }),
    );
  });

  test("load shift and trace, behind one another, padded", () => {
    fc.assert(
      fc.property(mapReply, loadShift, trace, fc.nat({ max: 60 }), (reply, shift, origin, padding) => {
        const view = usedSlot();
        const traceAt = appendLoadShift(view, encodeMapReply(view, reply), MAX_DATAGRAM_OCTETS, shift);
        const end = appendTrace(view, traceAt, origin);
        const length = appendPadding(view, end, end + 4 + padding);
        const { extensions } = decodeDatagram(new Uint8Array(view.buffer, 0, length));
        expect(extensions).toEqual({ loadShift: shift, trace: origin });
        expect(findExtension(view, FIRST_EXTENSION, length, ExtensionType.trace)).toBe(traceAt + 4);
        expect(findExtension(view, FIRST_EXTENSION, length, 99)).toBe(0);
      }),
    );
  });
});

describe("bytes from outside", () => {
  const { messages } = readVectors();
  const goodBytes = messages.map(({ hex }) => Buffer.from(hex, "hex"));
  const edit = fc.record({ at: fc.nat({ max: 180 }), octet: fc.nat({ max: 255 }) });

  test("any bytes are read or refused with a fault", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), readsOrRefuses));
  });

  test("a good message with some octets changed is read or refused with a fault", () => {
    const edited = fc.tuple(fc.constantFrom(...goodBytes), fc.array(edit, { minLength: 1, maxLength: 4 })).map(([bytes, edits]) => {
      const copy = Uint8Array.from(bytes);
      for (const { at, octet } of edits) copy[at % copy.length] = octet;
      return copy;
    });
    fc.assert(fc.property(edited, readsOrRefuses), { numRuns: 3000 });
  });

  test.each(messages)("$name: every truncation is refused, or ends where an extension ends", ({ hex, type }) => {
    const bytes = Buffer.from(hex, "hex");
    const ends = extensionEnds(bytes, type.endsWith("Ack") ? ACK_OCTETS : MAP_REPLY_OCTETS);
    for (let length = 0; length < bytes.length; length++) {
      expect(isRead(bytes.subarray(0, length))).toBe(ends.has(length));
    }
  });

  test.each(messages)("$name: nothing beyond the given length is looked at", ({ hex }) => {
    const bytes = Buffer.from(hex, "hex");
    const inSlot = usedSlot();
    new Uint8Array(inSlot.buffer).set(bytes);
    expect(decodeByType(inSlot, bytes.length)).toBe(Fault.none);
    expect(decodeByType(new DataView(Uint8Array.from(bytes).buffer), bytes.length)).toBe(Fault.none);
  });
});

describe("the header", () => {
  const request = Buffer.from(readVectors().messages.find(({ type }) => type === "mapRequest")!.hex, "hex");

  test("of another version gives what all versions share, and no cookies", () => {
    const bytes = Uint8Array.from(request);
    bytes[0] = 0xd2;
    const { fault, header } = headerAfter(bytes);
    const expected = Object.assign(new Header(), { type: 1, nonceHi: 0x01234567, nonceLo: 0x89abcdef });
    expect(fault).toBe(Fault.unsupportedVersion);
    expect(header).toEqual(expected);
  });

  test.each([
    ["too short", Uint8Array.from(request).subarray(0, 15), Fault.tooShort],
    ["not DRTM", Uint8Array.from(request).fill(0x12), Fault.notDrtm],
  ])("that is %s leaves nothing of the datagram before", (_name, bytes, expected) => {
    const { fault, header } = headerAfter(bytes);
    expect(fault).toBe(expected);
    expect(header).toEqual(new Header());
  });

  test("cut after the invariant part keeps that part only", () => {
    const { fault, header } = headerAfter(Uint8Array.from(request).subarray(0, HEADER_OCTETS - 1));
    expect(fault).toBe(Fault.tooShort);
    expect(header).toEqual(Object.assign(new Header(), { type: 1, nonceHi: 0x01234567, nonceLo: 0x89abcdef }));
  });

  test("of another type than the decoder's is refused", () => {
    expect(decodeMapReply(new DataView(Uint8Array.from(request).buffer), request.length, new MapReply())).toBe(Fault.wrongType);
  });
});

describe("extensions", () => {
  test("a reader stops at a fault, and can be used again", () => {
    const view = new DataView(new ArrayBuffer(16));
    encodeExtensionHeader(view, 0, 700, 0);
    encodeExtensionHeader(view, 4, 701, 100);
    const reader = new ExtensionReader();
    reader.reset(view, 0, 16);
    expect([reader.next(), reader.type, reader.next(), reader.next(), reader.fault]).toEqual([true, 700, false, false, Fault.badExtension]);
    reader.reset(view, 0, 4);
    expect([reader.next(), reader.next(), reader.fault]).toEqual([true, false, Fault.none]);
  });

  test("the first of two traces counts", () => {
    const view = usedSlot();
    const [first, second] = [Object.assign(new Trace(), { port: 1 }), Object.assign(new Trace(), { port: 2 })];
    const length = appendTrace(view, appendTrace(view, encodeMapReply(view, new MapReply()), first), second);
    expect(decodeDatagram(new Uint8Array(view.buffer, 0, length)).extensions).toEqual({ trace: first });
  });

  test("a request padded to a reply with trace is exactly as long", () => {
    const view = usedSlot();
    const length = appendPadding(view, encodeMapRequest(view, new MapRequest()), MAP_REPLY_OCTETS + TRACE_OCTETS);
    expect(appendTrace(view, encodeMapReply(view, new MapReply()), new Trace())).toBe(length);
  });

  test("padding shorter than an extension's header is left out", () => {
    expect(appendPadding(usedSlot(), 120, 123)).toBe(120);
  });

  test("a load shift that exceeds the limit is not written", () => {
    const view = usedSlot();
    const shift = { share: 10, holdMs: 1, alternatives: [] };
    expect(appendLoadShift(view, 120, 131, shift)).toBe(0);
    expect(view.getUint8(120)).toBe(0xff);
    expect(appendLoadShift(view, 120, 132, shift)).toBe(132);
  });

  test("values that were never checked are refused by their readers", () => {
    const view = new DataView(new ArrayBuffer(32));
    expect(decodeTrace(view, 0, 23, new Trace())).toBe(Fault.badExtension);
    expect(() => decodeLoadShift(view, 0, 7)).toThrow(WireError);
  });
});

/** The header read from a datagram, by an object full of something else before. */
function headerAfter(bytes: Uint8Array): { fault: Fault; header: Header } {
  const header = new Header();
  for (const field of Object.keys(header) as (keyof Omit<Header, "hasServerCookie">)[]) header[field] = 0xdead;
  const view = usedSlot();
  new Uint8Array(view.buffer).set(bytes);
  return { fault: decodeHeader(view, bytes.length, header), header };
}

function readsOrRefuses(bytes: Uint8Array): void {
  const read = isRead(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  expect(decodeByType(view, bytes.length) === Fault.none).toBe(read);
}

function isRead(bytes: Uint8Array): boolean {
  try {
    decodeDatagram(bytes);
    return true;
  } catch (error) {
    if (error instanceof WireError && error.fault !== Fault.none) return false;
    throw error;
  }
}

/** Decodes the way the packet path does: header, then the decoder of its type. */
function decodeByType(view: DataView, length: number): Fault {
  const header = new Header();
  const fault = decodeHeader(view, length, header);
  if (fault !== Fault.none) return fault;
  if (header.type === MessageType.mapRequest) return decodeMapRequest(view, length, new MapRequest());
  if (header.type === MessageType.mapReply) return decodeMapReply(view, length, new MapReply());
  if (header.type === MessageType.cacheUpdate) return decodeCacheUpdate(view, length, new CacheUpdate());
  return decodeAcknowledgement(view, length, header.type as AcknowledgementType, new Acknowledgement());
}

function extensionEnds(bytes: Uint8Array, fixedOctets: number): Set<number> {
  const ends = new Set([fixedOctets]);
  const reader = new ExtensionReader();
  reader.reset(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), fixedOctets, bytes.length);
  while (reader.next()) ends.add(reader.valueOffset + reader.valueLength);
  return ends;
}
