import { type Prefix, parsePrefix } from "../../address/index.ts";
import { aplItemText, decodeApl, encodeApl } from "../records/index.ts";
import type { Fields } from "./fields.ts";

/** `1:192.0.2.0/24 2:2001:db8::/32` (RFC 3123 section 5), canonical prefixes only. */
export function parseAplText(fields: Fields): Uint8Array {
  const prefixes: Prefix[] = [];
  while (fields.remaining > 0) prefixes.push(parseItem(fields));
  return encodeApl(prefixes);
}

export function formatAplText(data: Uint8Array): string[] {
  return decodeApl(data).map(aplItemText);
}

function parseItem(fields: Fields): Prefix {
  const item = fields.word("prefix");
  if (item.startsWith("!")) fields.fail(`"${item}" is negated: a MAB list has no exceptions`);
  const [, family, text] = /^([12]):(.+)$/.exec(item) ?? [];
  if (text === undefined) return fields.fail(`"${item}" is no APL item: write 1:192.0.2.0/24 or 2:2001:db8::/32`);
  const prefix = parsePrefix(text);
  if (prefix.family !== (family === "1" ? 4 : 6)) fields.fail(`"${item}" has the wrong family: 1 is IPv4, 2 is IPv6`);
  return prefix;
}
