import { NAME_SHAPES, type NameShape, concatBytes, encodeName, octetsBeforeNames } from "../records/index.ts";
import { MessageError } from "./error.ts";
import type { NameReader } from "./names.ts";

/**
 * The data of one record with the names in it uncompressed and in lower case (the canonical form, RFC 4034 section 6.2);
 * that of other types as it is, a view of the message. Throws MessageError.
 */
export function readRdata(message: Uint8Array, names: NameReader, type: number, start: number, end: number): Uint8Array {
  const shape = NAME_SHAPES.get(type);
  return shape?.isCompressible !== true ? message.subarray(start, end) : uncompressed(message, names, shape, start, end);
}

function uncompressed(message: Uint8Array, names: NameReader, shape: NameShape, start: number, end: number): Uint8Array {
  let at = start + octetsBeforeNames(shape, message, start, end);
  const parts = [message.subarray(start, at)];
  for (let count = 0; count < shape.names && at < end; count++) {
    parts.push(encodeName(names.read(at)));
    at = names.end;
  }
  parts.push(message.subarray(at, end));
  const tail = end - at;
  const fits = parts.length === shape.names + 2 && (shape.tail === "any" ? tail >= 0 : tail === shape.tail);
  if (!fits) throw new MessageError(`the data at octet ${start} are not of the length that their names give`);
  return concatBytes(parts);
}
