import { NAME_SHAPES, octetsBeforeNames } from "./name-shapes.ts";
import { endOfName } from "./name.ts";
import { RdataError, typeName } from "./record.ts";

/** The data in canonical form (RFC 4034 section 6.2): the same array where nothing changes. Throws RdataError. */
export function canonicalData(type: number, data: Uint8Array): Uint8Array {
  const shape = NAME_SHAPES.get(type);
  if (shape === undefined) return data;
  const head = octetsBeforeNames(shape, data, 0, data.length);
  let end = head;
  try {
    for (let count = 0; count < shape.names; count++) end = endOfName(data, end);
  } catch (error) {
    if (!(error instanceof RdataError)) throw error;
    throw new RdataError(typeName(type), `has a name that ${error.problem}`, { cause: error });
  }
  return hasUpperCase(data, head, end) ? lowerCased(data, head, end) : data;
}

/** Lengths of labels are below 0x40, so the only octets in this range are letters. */
function hasUpperCase(data: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    if (data[at]! >= 0x41 && data[at]! <= 0x5a) return true;
  }
  return false;
}

function lowerCased(data: Uint8Array, from: number, to: number): Uint8Array {
  return data.map((octet, at) => (at >= from && at < to && octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet));
}
