import { EXTENSION_HEADER_OCTETS, ExtensionType } from "./constants.ts";
import { encodeExtensionHeader } from "./extension.ts";
import { Fault } from "./fault.ts";

const VALUE_OCTETS = 24;
export const TRACE_OCTETS = EXTENSION_HEADER_OCTETS + VALUE_OCTETS;
const FROM_CACHE = 0x01;

/** Where an answer came from (docs/protocol.md section 6.3). */
export class Trace {
  fromCache = false;
  /** 0 when no upstream had a part in it. */
  family = 0;
  port = 0;
  /** Microseconds between the upstream's request and reply; 0 from cache. */
  rtt = 0;
  word0 = 0;
  word1 = 0;
  word2 = 0;
  word3 = 0;
}

/** Appends the extension; gives the message's new length. */
export function appendTrace(view: DataView, offset: number, trace: Trace): number {
  const at = encodeExtensionHeader(view, offset, ExtensionType.trace, VALUE_OCTETS);
  view.setUint8(at, trace.fromCache ? FROM_CACHE : 0);
  view.setUint8(at + 1, trace.family);
  view.setUint16(at + 2, trace.port);
  view.setUint32(at + 4, trace.rtt);
  view.setUint32(at + 8, trace.word0);
  view.setUint32(at + 12, trace.word1);
  view.setUint32(at + 16, trace.word2);
  view.setUint32(at + 20, trace.word3);
  return at + VALUE_OCTETS;
}

/** Reads the value of a trace extension. */
export function decodeTrace(view: DataView, offset: number, length: number, into: Trace): Fault {
  const fault = checkTrace(view, offset, length);
  if (fault !== Fault.none) return fault;
  into.fromCache = (view.getUint8(offset) & FROM_CACHE) !== 0;
  into.family = view.getUint8(offset + 1);
  into.port = view.getUint16(offset + 2);
  into.rtt = view.getUint32(offset + 4);
  into.word0 = view.getUint32(offset + 8);
  into.word1 = view.getUint32(offset + 12);
  into.word2 = view.getUint32(offset + 16);
  into.word3 = view.getUint32(offset + 20);
  return Fault.none;
}

export function checkTrace(view: DataView, offset: number, length: number): Fault {
  if (length !== VALUE_OCTETS) return Fault.badExtension;
  const family = view.getUint8(offset + 1);
  if (family === 6) return Fault.none;
  const beyondIpv4 = view.getUint32(offset + 12) | view.getUint32(offset + 16) | view.getUint32(offset + 20);
  const beyond = family === 4 ? beyondIpv4 : beyondIpv4 | view.getUint32(offset + 8);
  return (family === 0 || family === 4) && beyond === 0 ? Fault.none : Fault.badExtension;
}
