import type { IpAddress } from "../../address/index.ts";
import { encodeAddress, nextAddress } from "./host.ts";
import { encodeName } from "./name.ts";
import { printable } from "../../address/printable.ts";
import { RdataReader, concatBytes, uint16Bytes } from "./rdata-reader.ts";
import { SvcKey, type SvcParam, encodeSvcParams, readSvcParams, svcKeyName } from "./svc-params.ts";

/** A service binding in ServiceMode (RFC 9460), with DRTM's own parameters. */
export interface ServiceBinding {
  /** SvcPriority, 1 to 65535: DRTM's tier. */
  readonly priority: number;
  readonly target: string;
  /** Keys that a client must understand, ascending. */
  readonly mandatory?: readonly number[] | undefined;
  readonly alpn?: readonly string[] | undefined;
  readonly noDefaultAlpn?: boolean | undefined;
  readonly port?: number | undefined;
  readonly ipv4hint?: readonly IpAddress[] | undefined;
  readonly ipv6hint?: readonly IpAddress[] | undefined;
  readonly region?: string | undefined;
  readonly weight?: number | undefined;
  readonly publicKey?: Uint8Array | undefined;
  /** Parameters that have no field here. */
  readonly others?: readonly SvcParam[] | undefined;
}

interface Reading {
  readonly reader: RdataReader;
  readonly params: ReadonlyMap<number, Uint8Array>;
}

const OWN_KEYS: ReadonlySet<number> = new Set(Object.values(SvcKey).filter((key) => key !== SvcKey.ech));
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** Reads and checks a ServiceMode record. Throws RdataError, on AliasMode too. */
export function decodeSvcb(bytes: Uint8Array): ServiceBinding {
  const reader = new RdataReader("SVCB", bytes);
  const priority = reader.uint16("SvcPriority");
  const target = reader.name("TargetName");
  if (priority === 0) reader.fail(`is an alias (SvcPriority 0) to ${printable(target)}: list the servers themselves`);
  const list = readSvcParams(reader);
  const params = new Map<number, Uint8Array>();
  for (const { key, value } of list) params.set(key, value);
  const reading = { reader, params };
  // One object, and none for each parameter: a large DSOC's zones have thousands of these.
  return {
    priority,
    target,
    mandatory: checkedMandatory(reading),
    alpn: readAlpn(reading),
    noDefaultAlpn: params.has(SvcKey.noDefaultAlpn) ? true : undefined,
    port: readPort(reading),
    ipv4hint: readHints(reading, SvcKey.ipv4hint, 4),
    ipv6hint: readHints(reading, SvcKey.ipv6hint, 6),
    region: readText(reading, SvcKey.region, "region"),
    weight: readWeight(reading),
    publicKey: params.get(SvcKey.publicKey),
    others: otherParams(list),
  };
}

export function encodeSvcb(binding: ServiceBinding): Uint8Array {
  return concatBytes([uint16Bytes(binding.priority), encodeName(binding.target), encodeSvcParams(paramsOf(binding))]);
}

/**
 * RFC 9460 section 8: a `mandatory` key names others that are there, ascending, each once and not itself. Throws
 * RdataError. Whether this software knows them is asked in decodeSvcb only: a zone file may hold any.
 */
export function readMandatory(reader: RdataReader, params: ReadonlyMap<number, Uint8Array>): number[] | undefined {
  const value = params.get(SvcKey.mandatory);
  if (value === undefined) return undefined;
  if (value.length === 0 || value.length % 2 !== 0) reader.fail("has a mandatory of a wrong length");
  const keys = readAll(value, (field) => field.uint16("mandatory"));
  for (const [index, key] of keys.entries()) {
    if (key === SvcKey.mandatory) reader.fail("has mandatory in its own list");
    if (index > 0 && key <= keys[index - 1]!) reader.fail(`has ${svcKeyName(key)} out of order or twice in mandatory`);
    if (!params.has(key)) reader.fail(`lacks ${svcKeyName(key)}, which its mandatory asks for`);
  }
  return keys;
}

function checkedMandatory({ reader, params }: Reading): number[] | undefined {
  const mandatory = readMandatory(reader, params);
  const unknown = mandatory?.find((key) => !OWN_KEYS.has(key));
  if (unknown !== undefined) {
    reader.fail(`asks for ${svcKeyName(unknown)} (mandatory), which this software does not know`);
  }
  return mandatory;
}

function otherParams(list: readonly SvcParam[]): SvcParam[] | undefined {
  const others = list.filter(({ key }) => !OWN_KEYS.has(key));
  return others.length > 0 ? others : undefined;
}

function readAlpn({ reader, params }: Reading): string[] | undefined {
  const value = params.get(SvcKey.alpn);
  const noDefault = params.get(SvcKey.noDefaultAlpn);
  if (noDefault !== undefined && noDefault.length > 0) reader.fail("has a value for no-default-alpn, which takes none");
  if (noDefault !== undefined && value === undefined) reader.fail("has no-default-alpn without alpn");
  if (value === undefined) return undefined;
  const alpn = readAll(value, (field) => readProtocol(reader, field));
  if (alpn.length === 0) reader.fail("has an empty alpn");
  return alpn;
}

function readProtocol(reader: RdataReader, field: RdataReader): string {
  const length = field.uint8("alpn");
  if (length === 0) reader.fail("has an empty protocol in alpn");
  let protocol = "";
  for (const octet of field.bytes(length, "alpn")) protocol += String.fromCharCode(octet);
  return protocol;
}

function readPort({ reader, params }: Reading): number | undefined {
  const value = params.get(SvcKey.port);
  if (value === undefined) return undefined;
  if (value.length !== 2) reader.fail("has a port of a wrong length");
  return value[0]! * 256 + value[1]!;
}

function readHints({ reader, params }: Reading, key: number, family: 4 | 6): IpAddress[] | undefined {
  const value = params.get(key);
  if (value === undefined) return undefined;
  const octets = family === 4 ? 4 : 16;
  if (value.length === 0 || value.length % octets !== 0) reader.fail(`has an ${svcKeyName(key)} of a wrong length`);
  return readAll(value, (field) => nextAddress(field, family, svcKeyName(key)));
}

function readText({ reader, params }: Reading, key: number, what: string): string | undefined {
  const value = params.get(key);
  if (value === undefined) return undefined;
  try {
    return utf8.decode(value);
  } catch (cause) {
    return reader.fail(`has a ${what} (${svcKeyName(key)}) that is not UTF-8`, cause);
  }
}

function readWeight(reading: Reading): number | undefined {
  const text = readText(reading, SvcKey.weight, "weight");
  if (text === undefined) return undefined;
  if (!/^(0|[1-9]\d{0,4})$/.test(text) || Number(text) > 0xffff) {
    reading.reader.fail(`has the weight (key65281) "${printable(text)}": write a number from 0 to 65535`);
  }
  return Number(text);
}

function readAll<T>(value: Uint8Array, next: (field: RdataReader) => T): T[] {
  const field = new RdataReader("SVCB", value);
  const items: T[] = [];
  while (field.remaining > 0) items.push(next(field));
  return items;
}

function paramsOf(binding: ServiceBinding): SvcParam[] {
  const { mandatory, alpn, port, ipv4hint, ipv6hint, region, weight } = binding;
  return [
    ...param(SvcKey.mandatory, mandatory && concatBytes(mandatory.map(uint16Bytes))),
    ...param(SvcKey.alpn, alpn && concatBytes(alpn.map(encodeProtocol))),
    ...param(SvcKey.noDefaultAlpn, binding.noDefaultAlpn === true ? new Uint8Array() : undefined),
    ...param(SvcKey.port, port === undefined ? undefined : uint16Bytes(port)),
    ...param(SvcKey.ipv4hint, ipv4hint && concatBytes(ipv4hint.map(encodeAddress))),
    ...param(SvcKey.ipv6hint, ipv6hint && concatBytes(ipv6hint.map(encodeAddress))),
    ...param(SvcKey.region, region === undefined ? undefined : encoder.encode(region)),
    ...param(SvcKey.weight, weight === undefined ? undefined : encoder.encode(String(weight))),
    ...param(SvcKey.publicKey, binding.publicKey),
    ...(binding.others ?? []),
  ];
}

function param(key: number, value: Uint8Array | undefined): SvcParam[] {
  return value === undefined ? [] : [{ key, value }];
}

function encodeProtocol(protocol: string): Uint8Array {
  return Uint8Array.from([protocol.length, ...Array.from(protocol, (character) => character.charCodeAt(0))]);
}
