import { formatIp, parseIp } from "../../address/index.ts";
import { RdataError, RdataReader, type SvcParam, SvcKey, nextAddress } from "../records/index.ts";
import { concatBytes, encodeAddress, encodeName, encodeSvcParams, readMandatory, readSvcParams, uint16Bytes } from "../records/index.ts";
import { svcKeyFromName, svcKeyName } from "../records/index.ts";
import { decodeBase64, encodeBase64 } from "./base-n.ts";
import { quoteOctets, unescapeOctets } from "./character-string.ts";
import type { Fields } from "./fields.ts";
import { joinValueList, splitValueList } from "./value-list.ts";

/** How the value of a parameter is written; octets come without the escapes of the zone file. */
interface ValueForm {
  readonly parse: (octets: Uint8Array) => Uint8Array;
  readonly format: (value: Uint8Array) => string;
}

const utf8 = new TextDecoder();
const textOf = (octets: Uint8Array): string => utf8.decode(octets);

const RAW: ValueForm = { parse: (octets) => octets, format: quoteOctets };

/** RFC 9460 section 7 and appendix A.1. */
const FORMS = new Map<number, ValueForm>([
  [SvcKey.mandatory, { parse: parseKeys, format: (value) => readAll(value, (field) => svcKeyName(field.uint16("key"))).join(",") }],
  [SvcKey.alpn, { parse: parseProtocols, format: formatProtocols }],
  [SvcKey.port, { parse: parsePort, format: (value) => `${new RdataReader("port", value).uint16("port")}` }],
  [SvcKey.ipv4hint, hints(4)],
  [SvcKey.ipv6hint, hints(6)],
  [SvcKey.ech, { parse: parseBase64, format: encodeBase64 }],
]);

/** `10 fra1 ( alpn=drtm1 port=4344 key65280="eu-fra" )` (RFC 9460 section 2.1). An alias, too: readers judge it. */
export function parseSvcbText(fields: Fields): Uint8Array {
  const priority = fields.number("SvcPriority", 0xffff);
  const target = fields.name("TargetName");
  const params = new Map<number, Uint8Array>();
  while (fields.remaining > 0) {
    const { key, value } = parseParam(fields);
    if (params.has(key)) fields.fail(`${svcKeyName(key)} is there twice: write it once`);
    params.set(key, value);
  }
  readMandatory(new RdataReader("SVCB", new Uint8Array()), params);
  const list = Array.from(params, ([key, value]) => ({ key, value }));
  return concatBytes([uint16Bytes(priority), encodeName(target), encodeSvcParams(list)]);
}

/** TargetName in full: PowerDNS 4.7 takes a relative one as it stands, whatever $ORIGIN is. */
export function formatSvcbText(data: Uint8Array): string[] {
  const reader = new RdataReader("SVCB", data);
  const priority = reader.uint16("SvcPriority");
  const target = reader.name("TargetName");
  return [`${priority}`, target, ...readSvcParams(reader).map(formatParam)];
}

function parseParam(fields: Fields): SvcParam {
  const text = fields.word("parameter");
  const equals = text.indexOf("=");
  const name = equals < 0 ? text : text.slice(0, equals);
  const key = svcKeyFromName(name);
  if (key === undefined) return fields.fail(`"${name}" is no SVCB parameter: write a known name, or key65280="..."`);
  const octets = unescapeOctets(equals < 0 ? "" : text.slice(equals + 1));
  // `key3=...` gives the octets of the value themselves.
  if (name.startsWith("key")) return { key, value: octets };
  return { key, value: parseValue(fields, key, octets) };
}

function parseValue(fields: Fields, key: number, octets: Uint8Array): Uint8Array {
  const name = svcKeyName(key);
  if (key === SvcKey.noDefaultAlpn && octets.length > 0) fields.fail(`${name} takes no value`);
  if (key !== SvcKey.noDefaultAlpn && octets.length === 0) fields.fail(`${name} needs a value: write ${name}=...`);
  return (FORMS.get(key) ?? RAW).parse(octets);
}

function formatParam({ key, value }: SvcParam): string {
  if (value.length === 0) return svcKeyName(key);
  const form = FORMS.get(key) ?? RAW;
  try {
    return `${svcKeyName(key)}=${form.format(value)}`;
  } catch (error) {
    if (!(error instanceof RdataError)) throw error;
    return `key${key}=${quoteOctets(value)}`;
  }
}

function parseKeys(octets: Uint8Array): Uint8Array {
  const keys = textOf(octets).split(",").map((name) => {
    const key = svcKeyFromName(name);
    if (key === undefined) throw new RdataError("mandatory", `names "${name}", which is no SVCB parameter`);
    return key;
  });
  return concatBytes(keys.toSorted((a, b) => a - b).map(uint16Bytes));
}

function parseProtocols(octets: Uint8Array): Uint8Array {
  return concatBytes(splitValueList(octets).flatMap((protocol) => {
    if (protocol.length === 0 || protocol.length > 255) throw new RdataError("alpn", "has a protocol that is empty or too long");
    return [Uint8Array.of(protocol.length), protocol];
  }));
}

function formatProtocols(value: Uint8Array): string {
  const protocols = readAll(value, (field) => field.bytes(field.uint8("alpn"), "alpn"));
  if (protocols.some((protocol) => protocol.length === 0)) throw new RdataError("alpn", "has an empty protocol");
  const quoted = quoteOctets(joinValueList(protocols));
  return /^"[\w./-]+(?:,[\w./-]+)*"$/.test(quoted) ? quoted.slice(1, -1) : quoted;
}

function parsePort(octets: Uint8Array): Uint8Array {
  const text = textOf(octets);
  if (!/^\d{1,5}$/.test(text) || Number(text) > 0xffff) throw new RdataError("port", `"${text}" is no port: write 0 to 65535`);
  return uint16Bytes(Number(text));
}

function parseBase64(octets: Uint8Array): Uint8Array {
  const value = decodeBase64(textOf(octets));
  if (value === undefined) throw new RdataError("ech", "is not base64");
  return value;
}

function hints(family: 4 | 6): ValueForm {
  const name = `ipv${family}hint`;
  return {
    parse: (octets) => concatBytes(textOf(octets).split(",").map((text) => encodeHint(text, family))),
    format: (value) => readAll(value, (field) => formatIp(nextAddress(field, family, name))).join(","),
  };
}

function encodeHint(text: string, family: 4 | 6): Uint8Array {
  const address = parseIp(text);
  if (address.family !== family) throw new RdataError(`ipv${family}hint`, `"${text}" is no IPv${family} address`);
  return encodeAddress(address);
}

function readAll<T>(value: Uint8Array, next: (field: RdataReader) => T): T[] {
  const field = new RdataReader("SVCB", value);
  const items: T[] = [];
  while (field.remaining > 0) items.push(next(field));
  return items;
}
