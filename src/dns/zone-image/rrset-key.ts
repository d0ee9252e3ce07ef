import { splitLabels } from "../records/index.ts";

/**
 * Text for an owner and type that `<` puts into canonical order: names by label from the right (RFC 4034 section 6.1), then
 * types by number (RFC 8976 section 3.3.2). The name is in ResourceRecord form: lower-case, absolute. Each label ends in a
 * zero, below any octet of a longer one.
 */
export function rrsetKey(name: string, type: number): string {
  return typeKey(nameKey(name), type);
}

/** Of a type at an owner whose own key this is. */
export function typeKey(owner: string, type: number): string {
  return `${owner}\0${String.fromCharCode(type)}`;
}

/** What the keys of all types at an owner begin with. */
export function nameKey(name: string): string {
  return name.includes("\\") ? escapedNameKey(name) : plainNameKey(name);
}

/** Without escapes there are no octets below `!` in it. */
function plainNameKey(name: string): string {
  return name === "." ? "" : `${name.slice(0, -1).split(".").toReversed().join("\0")}\0`;
}

function escapedNameKey(name: string): string {
  let key = "";
  for (const label of splitLabels(name)) key = `${labelKey(label)}\0${key}`;
  return key;
}

/** Octets 0 and 1 become two, so that 0 is free to end labels, and the order stays. */
function labelKey(label: Uint8Array): string {
  let key = "";
  for (const octet of label) key += octet > 1 ? String.fromCharCode(octet) : `\u0001${String.fromCharCode(octet + 1)}`;
  return key;
}
