import { CRITICAL_EXTENSION, EXTENSION_HEADER_OCTETS, ExtensionType } from "./constants.ts";
import { Fault } from "./fault.ts";

/** Walks over the extensions of a message (docs/protocol.md section 6); reusable. */
export class ExtensionReader {
  /** Type of the present extension, critical bit included. */
  type = 0;
  valueOffset = 0;
  valueLength = 0;
  fault: Fault = Fault.none;
  #view: DataView = new DataView(new ArrayBuffer(0));
  #end = 0;
  #next = 0;

  reset(view: DataView, offset: number, length: number): void {
    this.#view = view;
    this.#next = offset;
    this.#end = length;
    this.fault = Fault.none;
  }

  /** Goes to the next extension; false at the end or at a fault. */
  next(): boolean {
    if (this.#next === this.#end) return false;
    if (this.#next + EXTENSION_HEADER_OCTETS > this.#end) return this.#refuse();
    this.type = this.#view.getUint16(this.#next);
    this.valueLength = this.#view.getUint16(this.#next + 2);
    this.valueOffset = this.#next + EXTENSION_HEADER_OCTETS;
    this.#next = this.valueOffset + this.valueLength;
    return this.#next <= this.#end || this.#refuse();
  }

  #refuse(): boolean {
    this.fault = Fault.badExtension;
    return false;
  }
}

const reader = new ExtensionReader();

/** Offset of the value of the first extension of a type in a checked message; 0 when there is none. */
export function findExtension(view: DataView, offset: number, length: number, type: number): number {
  reader.reset(view, offset, length);
  while (reader.next()) {
    if ((reader.type & ~CRITICAL_EXTENSION) === type) return reader.valueOffset;
  }
  return 0;
}

/** Octets of the extension value that begins at an offset found in a checked message. */
export function extensionLength(view: DataView, valueOffset: number): number {
  return view.getUint16(valueOffset - 2);
}

/** Writes an extension's header at `offset`; gives the offset of its value. */
export function encodeExtensionHeader(view: DataView, offset: number, type: number, valueLength: number): number {
  view.setUint16(offset, type);
  view.setUint16(offset + 2, valueLength);
  return offset + EXTENSION_HEADER_OCTETS;
}

/** Appends zeros until the message has `length` octets; gives the new length, the old one when less than a header is missing. */
export function appendPadding(view: DataView, offset: number, length: number): number {
  const valueLength = length - offset - EXTENSION_HEADER_OCTETS;
  if (valueLength < 0) return offset;
  const value = encodeExtensionHeader(view, offset, ExtensionType.padding, valueLength);
  for (let at = value; at < length; at++) view.setUint8(at, 0);
  return length;
}
