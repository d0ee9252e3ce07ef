import { CRITICAL_EXTENSION, ExtensionType } from "./constants.ts";
import { ExtensionReader } from "./extension.ts";
import { Fault } from "./fault.ts";
import { checkLoadShift } from "./load-shift.ts";
import { checkTrace } from "./trace.ts";

const reader = new ExtensionReader();

/** Checks the extensions from `offset` to `length`, values of known ones too: who reads them later meets no fault. */
export function checkExtensions(view: DataView, offset: number, length: number): Fault {
  if (offset === length) return Fault.none;
  reader.reset(view, offset, length);
  while (reader.next()) {
    const fault = checkValue(view, reader);
    if (fault !== Fault.none) return fault;
  }
  return reader.fault;
}

function checkValue(view: DataView, { type, valueOffset, valueLength }: ExtensionReader): Fault {
  switch (type & ~CRITICAL_EXTENSION) {
    case ExtensionType.padding:
      return Fault.none;
    case ExtensionType.loadShift:
      return checkLoadShift(view, valueOffset, valueLength);
    case ExtensionType.trace:
      return checkTrace(view, valueOffset, valueLength);
    default:
      return (type & CRITICAL_EXTENSION) === 0 ? Fault.none : Fault.unknownCriticalExtension;
  }
}
