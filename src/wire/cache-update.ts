import { MAP_REPLY_OCTETS, MessageType, UpdateAction } from "./constants.ts";
import { checkExtensions } from "./extension-check.ts";
import { Fault } from "./fault.ts";
import { Header, decodeHeaderOf, encodeHeader } from "./header.ts";
import { MappingBody, decodeMappingBody, encodeMappingBody, isWholeMab } from "./mapping-body.ts";

/** Cache Update: what the querier was told is so no longer (docs/protocol.md section 5.5). Laid out as a Map Reply. */
export class CacheUpdate {
  readonly header = new Header();
  action: number = UpdateAction.flushRange;
  readonly body = new MappingBody();
}

/** Writes the fixed part; gives its length. */
export function encodeCacheUpdate(view: DataView, message: CacheUpdate): number {
  encodeHeader(view, message.header, MessageType.cacheUpdate);
  encodeMappingBody(view, message.action, message.body);
  return MAP_REPLY_OCTETS;
}

export function decodeCacheUpdate(view: DataView, length: number, into: CacheUpdate): Fault {
  const fault = decodeHeaderOf(view, length, into.header, MessageType.cacheUpdate, MAP_REPLY_OCTETS);
  if (fault !== Fault.none) return fault;
  into.action = view.getUint8(40);
  if (into.action < UpdateAction.update || into.action > UpdateAction.flushAll) return Fault.badAction;
  const bodyFault = decodeMappingBody(view, into.body);
  if (bodyFault !== Fault.none) return bodyFault;
  if (into.action !== UpdateAction.flushAll && into.body.family === 0) return Fault.badFamily;
  if ((into.action === UpdateAction.update) !== (into.body.etrFamily !== 0)) return Fault.badEtrFamily;
  if (into.action === UpdateAction.flushMab && !isWholeMab(into.body)) return Fault.badRange;
  return checkExtensions(view, MAP_REPLY_OCTETS, length);
}
