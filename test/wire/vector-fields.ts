import { type Family, formatIp, formatWords } from "../../src/address/index.ts";
import {
  type AcknowledgementType,
  type Extensions,
  type Header,
  type MappingBody,
  type Message,
  MessageType,
  RequestFlag,
} from "../../src/wire/index.ts";
import type { AckName, BodyVector, ExtensionVector, HeaderVector, MessageFields } from "./vector.ts";

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

function decimal(hi: number, lo: number): string {
  return ((BigInt(hi) << 32n) | BigInt(lo)).toString();
}
