import { MessageError } from "./error.ts";

/** Two octets, network order. Throws MessageError where the message is too short. */
export function uint16At(message: Uint8Array, at: number): number {
  if (at + 2 > message.length) throw new MessageError(`it is cut off at octet ${message.length}`);
  return message[at]! * 256 + message[at + 1]!;
}

/** Four octets, network order. Throws MessageError where the message is too short. */
export function uint32At(message: Uint8Array, at: number): number {
  return uint16At(message, at) * 0x10000 + uint16At(message, at + 2);
}
