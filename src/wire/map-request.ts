import { MAP_REQUEST_OCTETS, MessageType } from "./constants.ts";
import { checkExtensions } from "./extension-check.ts";
import { Fault } from "./fault.ts";
import { Header, decodeHeaderOf, encodeHeader } from "./header.ts";

/** Map Request; with family 0 a null one, which names no address and measures the server (docs/protocol.md section 5.1). */
export class MapRequest {
  readonly header = new Header();
  /** 0, 4 or 6. */
  family = 0;
  /** The last update number received from this server. */
  received = 0;
  /** The position below which an answer is of no use; counts with RequestFlag.floor. */
  floorLineage = 0;
  floorHi = 0;
  floorLo = 0;
  keyHi = 0;
  keyLo = 0;
}

/** Writes the fixed part; gives its length. */
export function encodeMapRequest(view: DataView, message: MapRequest): number {
  encodeHeader(view, message.header, MessageType.mapRequest);
  view.setUint32(40, message.family << 24);
  view.setUint32(44, message.received);
  view.setUint32(48, message.floorLineage);
  view.setUint32(52, message.floorHi);
  view.setUint32(56, message.floorLo);
  view.setUint32(60, 0);
  view.setUint32(64, message.keyHi);
  view.setUint32(68, message.keyLo);
  // All bits of +0 are zero.
  for (let at = 72; at < MAP_REQUEST_OCTETS; at += 8) view.setFloat64(at, 0);
  return MAP_REQUEST_OCTETS;
}

/** What a request asks for, before it is decoded and checked; of a datagram of at least MAP_REQUEST_OCTETS. */
export function requestFamily(view: DataView): number {
  return view.getUint8(40);
}

export function requestKeyHi(view: DataView): number {
  return view.getUint32(64);
}

export function requestKeyLo(view: DataView): number {
  return view.getUint32(68);
}

export function decodeMapRequest(view: DataView, length: number, into: MapRequest): Fault {
  const fault = decodeHeaderOf(view, length, into.header, MessageType.mapRequest, MAP_REQUEST_OCTETS);
  if (fault !== Fault.none) return fault;
  const family = requestFamily(view);
  const keyHi = requestKeyHi(view);
  const keyLo = requestKeyLo(view);
  into.family = family;
  into.received = view.getUint32(44);
  into.floorLineage = view.getUint32(48);
  into.floorHi = view.getUint32(52);
  into.floorLo = view.getUint32(56);
  into.keyHi = keyHi;
  into.keyLo = keyLo;
  if (family !== 0 && family !== 4 && family !== 6) return Fault.badFamily;
  if (family !== 6 && keyLo !== 0) return Fault.badKey;
  if (family === 0 && keyHi !== 0) return Fault.badKey;
  return checkExtensions(view, MAP_REQUEST_OCTETS, length);
}
