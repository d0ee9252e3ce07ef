import { type IpAddress, parseIp } from "../../src/address/index.ts";
import {
  Acknowledgement,
  CacheUpdate,
  type Header,
  MAX_DATAGRAM_OCTETS,
  MapReply,
  MapRequest,
  type MappingBody,
  MessageType,
  Trace,
  appendLoadShift,
  appendPadding,
  appendTrace,
  encodeAcknowledgement,
  encodeCacheUpdate,
  encodeExtensionHeader,
  encodeMapReply,
  encodeMapRequest,
} from "../../src/wire/index.ts";
import type { BodyVector, ExtensionVector, HeaderVector, MessageFields, MessageVector, TraceVector } from "./vector.ts";

/** Encodes a vector from its fields, into memory that was not zero before. */
export function encodeVector(vector: MessageVector): Uint8Array {
  const bytes = new Uint8Array(MAX_DATAGRAM_OCTETS).fill(0xa5);
  const view = new DataView(bytes.buffer);
  const length = vector.extensions.reduce((at, extension) => appendExtension(view, at, extension), encodeFields(view, vector));
  return bytes.subarray(0, length);
}

function encodeFields(view: DataView, fields: MessageFields): number {
  switch (fields.type) {
    case "mapRequest":
      return encodeMapRequest(view, requestFrom(fields));
    case "mapReply": {
      const reply = new MapReply();
      fillHeader(reply.header, fields.header);
      reply.result = fields.result;
      fillBody(reply.body, fields.body);
      return encodeMapReply(view, reply);
    }
    case "cacheUpdate": {
      const update = new CacheUpdate();
      fillHeader(update.header, fields.header);
      update.action = fields.action;
      fillBody(update.body, fields.body);
      return encodeCacheUpdate(view, update);
    }
    default: {
      const ack = new Acknowledgement();
      fillHeader(ack.header, fields.header);
      ack.result = fields.result;
      ack.value = fields.value;
      [ack.epochHi, ack.epochLo] = words(fields.epoch);
      return encodeAcknowledgement(view, MessageType[fields.type], ack);
    }
  }
}

function requestFrom(fields: MessageFields & { type: "mapRequest" }): MapRequest {
  const request = new MapRequest();
  fillHeader(request.header, fields.header);
  request.received = fields.received;
  if (fields.key !== null) {
    const key = parseIp(fields.key);
    request.family = key.family;
    [request.keyHi, request.keyLo] = key.words;
  }
  if (fields.floor !== null) {
    request.floorLineage = fields.floor.lineage;
    [request.floorHi, request.floorLo] = wideWords(fields.floor.number);
  }
  return request;
}

function appendExtension(view: DataView, at: number, extension: ExtensionVector): number {
  switch (extension.type) {
    case "padding":
      return appendPadding(view, at, at + 4 + extension.octets);
    case "trace":
      return appendTrace(view, at, traceFrom(extension));
    case "loadShift": {
      const alternatives = extension.alternatives.map((text) => (/^[\d.]+$|:/.test(text) ? parseIp(text) : text));
      return appendLoadShift(view, at, MAX_DATAGRAM_OCTETS, { ...extension, alternatives });
    }
    default: {
      const value = Buffer.from(extension.value, "hex");
      const offset = encodeExtensionHeader(view, at, extension.type, value.length);
      for (const [index, octet] of value.entries()) view.setUint8(offset + index, octet);
      return offset + value.length;
    }
  }
}

function traceFrom(vector: TraceVector): Trace {
  const trace = new Trace();
  trace.fromCache = vector.fromCache;
  trace.port = vector.port;
  trace.rtt = vector.rtt;
  const address: IpAddress | undefined = vector.address === null ? undefined : parseIp(vector.address);
  trace.family = address?.family ?? 0;
  [trace.word0, trace.word1, trace.word2, trace.word3] = address?.words ?? [0, 0, 0, 0];
  return trace;
}

function fillHeader(header: Header, vector: HeaderVector): void {
  header.flags = vector.flags;
  header.sequence = vector.sequence;
  [header.nonceHi, header.nonceLo] = words(vector.nonce);
  [header.clientCookieHi, header.clientCookieLo] = words(vector.clientCookie);
  [header.server0, header.server1, header.server2, header.server3] = words(vector.serverCookie);
}

function fillBody(body: MappingBody, vector: BodyVector): void {
  body.prefixLength = vector.prefixLength;
  body.cachingMs = vector.cachingMs;
  body.counter = vector.counter;
  [body.epochHi, body.epochLo] = words(vector.epoch);
  body.versionLineage = vector.version.lineage;
  [body.versionHi, body.versionLo] = wideWords(vector.version.number);
  body.positionLineage = vector.position.lineage;
  [body.positionHi, body.positionLo] = wideWords(vector.position.number);
  if (vector.first !== null && vector.last !== null) {
    const first = parseIp(vector.first);
    body.family = first.family;
    [body.firstHi, body.firstLo] = first.words;
    [body.lastHi, body.lastLo] = parseIp(vector.last).words;
  }
  if (vector.etr !== null) {
    const etr = parseIp(vector.etr);
    body.etrFamily = etr.family;
    [body.etr0, body.etr1, body.etr2, body.etr3] = etr.words;
  }
}

/** Splits hex text into uint32; indexing gives 0 for what is not there. */
function words(text: string): [number, number, number, number] {
  const word = (index: number): number => Number.parseInt(text.slice(index * 8, index * 8 + 8).padStart(1, "0"), 16);
  return [word(0), word(1), word(2), word(3)];
}

function wideWords(text: string): [number, number] {
  const number = BigInt(text);
  return [Number(number >> 32n), Number(number & 0xffffffffn)];
}
