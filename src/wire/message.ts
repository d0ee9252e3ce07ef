import { Acknowledgement, decodeAcknowledgement } from "./acknowledgement.ts";
import { CacheUpdate, decodeCacheUpdate } from "./cache-update.ts";
import { MessageType } from "./constants.ts";
import { Fault, WireError } from "./fault.ts";
import { Header, decodeHeader } from "./header.ts";
import { MapReply, decodeMapReply } from "./map-reply.ts";
import { MapRequest, decodeMapRequest } from "./map-request.ts";

export type Message =
  | { readonly type: typeof MessageType.mapRequest; readonly message: MapRequest }
  | { readonly type: typeof MessageType.mapReply; readonly message: MapReply }
  | { readonly type: typeof MessageType.cacheUpdate; readonly message: CacheUpdate }
  | {
      readonly type: typeof MessageType.mapRequestAck | typeof MessageType.mapReplyAck | typeof MessageType.cacheUpdateAck;
      readonly message: Acknowledgement;
    };

/** Reads one datagram of any type: the convenient form, for tools and tests. Throws WireError. */
export function decodeDatagram(bytes: Uint8Array): Message {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = new Header();
  refuse(decodeHeader(view, bytes.length, header));
  switch (header.type as MessageType) {
    case MessageType.mapRequest: {
      const message = new MapRequest();
      refuse(decodeMapRequest(view, bytes.length, message));
      return { type: MessageType.mapRequest, message };
    }
    case MessageType.mapReply: {
      const message = new MapReply();
      refuse(decodeMapReply(view, bytes.length, message));
      return { type: MessageType.mapReply, message };
    }
    case MessageType.cacheUpdate: {
      const message = new CacheUpdate();
      refuse(decodeCacheUpdate(view, bytes.length, message));
      return { type: MessageType.cacheUpdate, message };
    }
    case MessageType.mapRequestAck:
    case MessageType.mapReplyAck:
    case MessageType.cacheUpdateAck: {
      const type = header.type as typeof MessageType.mapRequestAck;
      const message = new Acknowledgement();
      refuse(decodeAcknowledgement(view, bytes.length, type, message));
      return { type, message };
    }
  }
}

function refuse(fault: Fault): void {
  if (fault !== Fault.none) throw new WireError(fault);
}
