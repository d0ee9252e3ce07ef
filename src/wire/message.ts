import { Acknowledgement, type AcknowledgementType, decodeAcknowledgement } from "./acknowledgement.ts";
import { CacheUpdate, decodeCacheUpdate } from "./cache-update.ts";
import { ACK_OCTETS, CRITICAL_EXTENSION, ExtensionType, MAP_REPLY_OCTETS, MAP_REQUEST_OCTETS, MessageType } from "./constants.ts";
import { ExtensionReader } from "./extension.ts";
import { Fault, WireError } from "./fault.ts";
import { Header, decodeHeader } from "./header.ts";
import { type LoadShift, decodeLoadShift } from "./load-shift.ts";
import { MapReply, decodeMapReply } from "./map-reply.ts";
import { MapRequest, decodeMapRequest } from "./map-request.ts";
import { Trace, decodeTrace } from "./trace.ts";

/** The extensions that a datagram carried; of two of one kind, the first. */
export interface Extensions {
  readonly loadShift?: LoadShift;
  readonly trace?: Trace;
}

interface Carrying<Type, Content> {
  readonly type: Type;
  readonly message: Content;
  readonly extensions: Extensions;
}

export type Message =
  | Carrying<typeof MessageType.mapRequest, MapRequest>
  | Carrying<typeof MessageType.mapReply, MapReply>
  | Carrying<typeof MessageType.cacheUpdate, CacheUpdate>
  | Carrying<AcknowledgementType, Acknowledgement>;

type Decoder<Content> = (view: DataView, length: number, into: Content) => Fault;

/** Reads one datagram of any type: the convenient form, for tools and tests. Throws WireError. */
export function decodeDatagram(bytes: Uint8Array): Message {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = new Header();
  refuse(decodeHeader(view, view.byteLength, header));
  const type = header.type as MessageType;
  switch (type) {
    case MessageType.mapRequest:
      return { type, ...read(view, MAP_REQUEST_OCTETS, new MapRequest(), decodeMapRequest) };
    case MessageType.mapReply:
      return { type, ...read(view, MAP_REPLY_OCTETS, new MapReply(), decodeMapReply) };
    case MessageType.cacheUpdate:
      return { type, ...read(view, MAP_REPLY_OCTETS, new CacheUpdate(), decodeCacheUpdate) };
    case MessageType.mapRequestAck:
    case MessageType.mapReplyAck:
    case MessageType.cacheUpdateAck: {
      const decode: Decoder<Acknowledgement> = (from, length, into) => decodeAcknowledgement(from, length, type, into);
      return { type, ...read(view, ACK_OCTETS, new Acknowledgement(), decode) };
    }
  }
}

function read<Content>(view: DataView, fixedOctets: number, message: Content, decode: Decoder<Content>): Omit<Carrying<never, Content>, "type"> {
  refuse(decode(view, view.byteLength, message));
  return { message, extensions: readExtensions(view, fixedOctets) };
}

function readExtensions(view: DataView, offset: number): Extensions {
  const found: { loadShift?: LoadShift; trace?: Trace } = {};
  const reader = new ExtensionReader();
  reader.reset(view, offset, view.byteLength);
  while (reader.next()) {
    const type = reader.type & ~CRITICAL_EXTENSION;
    if (type === ExtensionType.loadShift) found.loadShift ??= decodeLoadShift(view, reader.valueOffset, reader.valueLength);
    if (type === ExtensionType.trace) found.trace ??= readTrace(view, reader);
  }
  return found;
}

function readTrace(view: DataView, { valueOffset, valueLength }: ExtensionReader): Trace {
  const trace = new Trace();
  refuse(decodeTrace(view, valueOffset, valueLength, trace));
  return trace;
}

function refuse(fault: Fault): void {
  if (fault !== Fault.none) throw new WireError(fault);
}
