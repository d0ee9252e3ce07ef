import { readFileSync } from "node:fs";
import { type Family, type IpAddress, formatIp, formatWords, parseIp } from "../../src/address/index.ts";
import {
  Acknowledgement,
  type AcknowledgementType,
  CacheUpdate,
  type Extensions,
  type Fault,
  type Header,
  MAX_DATAGRAM_OCTETS,
  MapReply,
  MapRequest,
  type MappingBody,
  type Message,
  MessageType,
  RequestFlag,
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

/** The vectors as their files have them: 64-bit values in hex or decimal text, addresses as text, null for none. */
interface HeaderVector {
  readonly flags: number;
  readonly sequence: number;
  readonly nonce: string;
  readonly clientCookie: string;
  readonly serverCookie: string;
}

interface NumberVector {
  readonly lineage: number;
  readonly number: string;
}

interface BodyVector {
  readonly first: string | null;
  readonly last: string | null;
  readonly prefixLength: number;
  readonly etr: string | null;
  readonly cachingMs: number;
  readonly epoch: string;
  readonly version: NumberVector;
  readonly position: NumberVector;
  readonly counter: number;
}

interface LoadShiftVector {
  readonly type: "loadShift";
  readonly share: number;
  readonly holdMs: number;
  readonly alternatives: readonly string[];
}

interface TraceVector {
  readonly type: "trace";
  readonly fromCache: boolean;
  readonly address: string | null;
  readonly port: number;
  readonly rtt: number;
}

type ExtensionVector =
  | LoadShiftVector
  | TraceVector
  | { readonly type: "padding"; readonly octets: number }
  | { readonly type: number; readonly value: string };

type AckName = "mapRequestAck" | "mapReplyAck" | "cacheUpdateAck";

export type MessageFields =
  | { readonly type: "mapRequest"; readonly header: HeaderVector; readonly key: string | null; readonly received: number; readonly floor: NumberVector | null }
  | { readonly type: "mapReply"; readonly header: HeaderVector; readonly result: number; readonly body: BodyVector }
  | { readonly type: "cacheUpdate"; readonly header: HeaderVector; readonly action: number; readonly body: BodyVector }
  | { readonly type: AckName; readonly header: HeaderVector; readonly result: number; readonly value: number; readonly epoch: string };

export type MessageVector = MessageFields & {
  readonly name: string;
  readonly extensions: readonly ExtensionVector[];
  /** Has reserved bits set: read like any other, but not written so. */
  readonly decodeOnly: boolean;
  readonly octets: number;
  readonly hex: string;
};

export interface RefusedVector {
  readonly name: string;
  readonly fault: Exclude<keyof typeof Fault, "none">;
  readonly hex: string;
}

export function readVectors(): { readonly messages: readonly MessageVector[]; readonly refused: readonly RefusedVector[] } {
  return {
    messages: JSON.parse(readVectorFile("messages.json")) as MessageVector[],
    refused: JSON.parse(readVectorFile("refused.json")) as RefusedVector[],
  };
}

function readVectorFile(name: string): string {
  return readFileSync(new URL(`vectors/${name}`, import.meta.url), "utf8");
}

/** A decoded message in the form of the vectors. */
export function fieldsOf(decoded: Message): MessageFields {
  const header = headerFields(decoded.message.header);
  switch (decoded.type) {
    case MessageType.mapRequest: {
      const { family, keyHi, keyLo, received, floorLineage, floorHi, floorLo } = decoded.message;
      const hasFloor = (header.flags & RequestFlag.floor) !== 0;
      const floor = hasFloor ? { lineage: floorLineage, number: decimal(floorHi, floorLo) } : null;
      return { type: "mapRequest", header, key: keyText(family, keyHi, keyLo), received, floor };
    }
    case MessageType.mapReply:
      return { type: "mapReply", header, result: decoded.message.result, body: bodyFields(decoded.message.body) };
    case MessageType.cacheUpdate:
      return { type: "cacheUpdate", header, action: decoded.message.action, body: bodyFields(decoded.message.body) };
    default: {
      const { result, value, epochHi, epochLo } = decoded.message;
      return { type: ackName(decoded.type), header, result, value, epoch: hex(epochHi, epochLo) };
    }
  }
}

/** The extensions that a decoder hands out, in the form of the vectors. */
export function extensionFields({ loadShift, trace }: Extensions): readonly ExtensionVector[] {
  const fields: ExtensionVector[] = [];
  if (loadShift !== undefined) {
    const alternatives = loadShift.alternatives.map((alternative) => (typeof alternative === "string" ? alternative : formatIp(alternative)));
    fields.push({ type: "loadShift", share: loadShift.share, holdMs: loadShift.holdMs, alternatives });
  }
  if (trace !== undefined) {
    const { fromCache, port, rtt } = trace;
    const address = addressText(trace.family, trace.word0, trace.word1, trace.word2, trace.word3);
    fields.push({ type: "trace", fromCache, address, port, rtt });
  }
  return fields;
}

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

function headerFields(header: Header): HeaderVector {
  return {
    flags: header.flags,
    sequence: header.sequence,
    nonce: hex(header.nonceHi, header.nonceLo),
    clientCookie: hex(header.clientCookieHi, header.clientCookieLo),
    serverCookie: hex(header.server0, header.server1, header.server2, header.server3),
  };
}

function bodyFields(body: MappingBody): BodyVector {
  return {
    first: keyText(body.family, body.firstHi, body.firstLo),
    last: keyText(body.family, body.lastHi, body.lastLo),
    prefixLength: body.prefixLength,
    etr: addressText(body.etrFamily, body.etr0, body.etr1, body.etr2, body.etr3),
    cachingMs: body.cachingMs,
    epoch: hex(body.epochHi, body.epochLo),
    version: { lineage: body.versionLineage, number: decimal(body.versionHi, body.versionLo) },
    position: { lineage: body.positionLineage, number: decimal(body.positionHi, body.positionLo) },
    counter: body.counter,
  };
}

function ackName(type: AcknowledgementType): AckName {
  if (type === MessageType.mapRequestAck) return "mapRequestAck";
  return type === MessageType.mapReplyAck ? "mapReplyAck" : "cacheUpdateAck";
}

function keyText(family: number, hi: number, lo: number): string | null {
  return addressText(family, hi, lo, 0, 0);
}

function addressText(family: number, w0: number, w1: number, w2: number, w3: number): string | null {
  return family === 0 ? null : formatWords(family as Family, w0, w1, w2, w3);
}

function hex(...parts: readonly number[]): string {
  return parts.map((part) => part.toString(16).padStart(8, "0")).join("");
}

/** Splits hex text into uint32; indexing gives 0 for what is not there. */
function words(text: string): [number, number, number, number] {
  const word = (index: number): number => Number.parseInt(text.slice(index * 8, index * 8 + 8).padStart(1, "0"), 16);
  return [word(0), word(1), word(2), word(3)];
}

function decimal(hi: number, lo: number): string {
  return ((BigInt(hi) << 32n) | BigInt(lo)).toString();
}

function wideWords(text: string): [number, number] {
  const number = BigInt(text);
  return [Number(number >> 32n), Number(number & 0xffffffffn)];
}
