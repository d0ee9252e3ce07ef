import { LAST_RESULT_CODE, MAP_REPLY_OCTETS, MessageType, ResultCode } from "./constants.ts";
import { checkExtensions } from "./extension-check.ts";
import { Fault } from "./fault.ts";
import { Header, decodeHeaderOf, encodeHeader } from "./header.ts";
import { MappingBody, decodeMappingBody, encodeMappingBody } from "./mapping-body.ts";

/** Map Reply: an answer, or why there is none (docs/protocol.md section 5.3). */
export class MapReply {
  readonly header = new Header();
  result: number = ResultCode.nullReply;
  readonly body = new MappingBody();
}

/** Writes the fixed part; gives its length. */
export function encodeMapReply(view: DataView, message: MapReply): number {
  encodeHeader(view, message.header, MessageType.mapReply);
  encodeMappingBody(view, message.result, message.body);
  return MAP_REPLY_OCTETS;
}

export function decodeMapReply(view: DataView, length: number, into: MapReply): Fault {
  const fault = decodeHeaderOf(view, length, into.header, MessageType.mapReply, MAP_REPLY_OCTETS);
  if (fault !== Fault.none) return fault;
  into.result = view.getUint8(40);
  if (into.result > LAST_RESULT_CODE) return Fault.badResult;
  const bodyFault = decodeMappingBody(view, into.body);
  if (bodyFault !== Fault.none) return bodyFault;
  if (into.result <= ResultCode.notInAnyMab && into.body.family === 0) return Fault.badFamily;
  if (into.result === ResultCode.notInAnyMab && into.body.prefixLength !== 0) return Fault.badPrefixLength;
  if ((into.result === ResultCode.mapping) !== (into.body.etrFamily !== 0)) return Fault.badEtrFamily;
  return checkExtensions(view, MAP_REPLY_OCTETS, length);
}
