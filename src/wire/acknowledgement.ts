import { ACK_OCTETS, LAST_RESULT_CODE, type MessageType } from "./constants.ts";
import { checkExtensions } from "./extension-check.ts";
import { Fault } from "./fault.ts";
import { Header, decodeHeaderOf, encodeHeader } from "./header.ts";

/** The shape of all three acknowledgements (docs/protocol.md sections 5.2, 5.4 and 5.6). */
export class Acknowledgement {
  readonly header = new Header();
  result = 0;
  /** Map Request Ack: milliseconds to wait for the answer. Cache Update Ack: the update number. Map Reply Ack: 0. */
  value = 0;
  epochHi = 0;
  epochLo = 0;
}

export type AcknowledgementType =
  | typeof MessageType.mapRequestAck
  | typeof MessageType.mapReplyAck
  | typeof MessageType.cacheUpdateAck;

export function encodeAcknowledgement(view: DataView, type: AcknowledgementType, message: Acknowledgement): number {
  encodeHeader(view, message.header, type);
  view.setUint32(40, (message.result << 24) >>> 0);
  view.setUint32(44, message.value);
  view.setUint32(48, message.epochHi);
  view.setUint32(52, message.epochLo);
  return ACK_OCTETS;
}

export function decodeAcknowledgement(view: DataView, length: number, type: AcknowledgementType, into: Acknowledgement): Fault {
  const fault = decodeHeaderOf(view, length, into.header, type, ACK_OCTETS);
  if (fault !== Fault.none) return fault;
  into.result = view.getUint8(40);
  if (into.result > LAST_RESULT_CODE) return Fault.badResult;
  into.value = view.getUint32(44);
  into.epochHi = view.getUint32(48);
  into.epochLo = view.getUint32(52);
  return checkExtensions(view, ACK_OCTETS, length);
}
