import { formatIp, parseIp } from "../../address/index.ts";
import { RecordType } from "../records/index.ts";
import { decodeA, decodeAaaa, encodeAddress } from "../records/index.ts";
import { decodeHostName, decodeSoa, decodeTxtOctets, encodeHostName, encodeSoa, encodeTxtOctets } from "../records/index.ts";
import { formatAplText, parseAplText } from "./apl-text.ts";
import { quoteOctets, unescapeOctets } from "./character-string.ts";
import { formatNsec3Text, formatNsec3paramText, formatNsecText, parseNsec3Text, parseNsec3paramText, parseNsecText } from "./denial-text.ts";
import { formatDnskeyText, formatDsText, formatRrsigText, formatZonemdText, parseDnskeyText, parseDsText, parseRrsigText, parseZonemdText } from "./dnssec-text.ts";
import type { Fields } from "./fields.ts";
import { hexOf } from "./hex.ts";
import { formatLocText, parseLocText } from "./loc-text.ts";
import { formatSvcbText, parseSvcbText } from "./svcb-text.ts";

/** How the data of one type is written: fields to RDATA and back. */
export interface TextForm {
  readonly parse: (fields: Fields) => Uint8Array;
  /** `relative` shortens a name by the origin. Throws RdataError. */
  readonly format: (data: Uint8Array, relative: (name: string) => string) => string[];
}

const HOST_NAME: TextForm = {
  parse: (fields) => encodeHostName(fields.name("name")),
  format: (data, relative) => [relative(decodeHostName(data))],
};

const DNSKEY: TextForm = { parse: parseDnskeyText, format: formatDnskeyText };
const DS: TextForm = { parse: parseDsText, format: formatDsText };

/** Types without a form here are written as `TYPEn \# length hex` (RFC 3597 section 5). */
export const TEXT_FORMS: ReadonlyMap<number, TextForm> = new Map<number, TextForm>([
  [RecordType.A, { parse: (fields) => parseAddress(fields, 4), format: (data) => [formatIp(decodeA(data))] }],
  [RecordType.AAAA, { parse: (fields) => parseAddress(fields, 6), format: (data) => [formatIp(decodeAaaa(data))] }],
  [RecordType.NS, HOST_NAME],
  [RecordType.CNAME, HOST_NAME],
  [RecordType.PTR, HOST_NAME],
  [RecordType.SOA, { parse: parseSoa, format: formatSoa }],
  [RecordType.TXT, { parse: parseTxt, format: (data) => decodeTxtOctets(data).map(quoteOctets) }],
  [RecordType.LOC, { parse: parseLocText, format: formatLocText }],
  [RecordType.APL, { parse: parseAplText, format: formatAplText }],
  [RecordType.DS, DS],
  [RecordType.CDS, DS],
  [RecordType.RRSIG, { parse: parseRrsigText, format: formatRrsigText }],
  [RecordType.NSEC, { parse: parseNsecText, format: formatNsecText }],
  [RecordType.DNSKEY, DNSKEY],
  [RecordType.CDNSKEY, DNSKEY],
  [RecordType.NSEC3, { parse: parseNsec3Text, format: formatNsec3Text }],
  [RecordType.NSEC3PARAM, { parse: parseNsec3paramText, format: formatNsec3paramText }],
  [RecordType.ZONEMD, { parse: parseZonemdText, format: formatZonemdText }],
  [RecordType.SVCB, { parse: parseSvcbText, format: formatSvcbText }],
]);

/** After `\#`: what the octets mean is not looked into. */
export function parseGenericText(fields: Fields): Uint8Array {
  const length = fields.number("length of data", 0xffff);
  const data = fields.hex("data");
  if (data.length !== length) fields.fail(`the data has ${data.length} octets, but \\# announces ${length}`);
  return data;
}

export function formatGenericText(data: Uint8Array): string[] {
  const words = hexOf(data).match(/.{1,64}/g) ?? [];
  return ["\\#", `${data.length}`, ...words];
}

function parseAddress(fields: Fields, family: 4 | 6): Uint8Array {
  const text = fields.word("address");
  const address = parseIp(text);
  if (address.family !== family) fields.fail(`"${text}" is no IPv${family} address: A is for IPv4, AAAA for IPv6`);
  return encodeAddress(address);
}

function parseSoa(fields: Fields): Uint8Array {
  return encodeSoa({
    mname: fields.name("primary name server"),
    rname: fields.name("mailbox of the zone"),
    serial: fields.number("serial", 0xffffffff),
    refresh: fields.seconds("refresh"),
    retry: fields.seconds("retry"),
    expire: fields.seconds("expire"),
    minimum: fields.seconds("minimum"),
  });
}

function formatSoa(data: Uint8Array, relative: (name: string) => string): string[] {
  const { mname, rname, serial, refresh, retry, expire, minimum } = decodeSoa(data);
  return [relative(mname), relative(rname), ...[serial, refresh, retry, expire, minimum].map(String)];
}

function parseTxt(fields: Fields): Uint8Array {
  if (fields.remaining === 0) fields.fail("the text is missing");
  return encodeTxtOctets(fields.rest().map((token) => unescapeOctets(token.text)));
}
