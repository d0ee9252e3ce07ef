import { parseDomainName } from "../config/fields.ts";
import { DnsError } from "../io/dns-client.ts";
import { type TlsTrust, readCaFile } from "../io/tls-trust.ts";
import { ZoneTransferError } from "../io/zone-transfer.ts";
import { ServerZoneError } from "../zone-tools/query-zones.ts";
import type { ServerAccess } from "../zone-tools/server-access.ts";
import { readTsigKeyFile } from "../zone-tools/tsig-key-file.ts";
import { readEndpoint } from "./arguments.ts";
import { UsageError } from "./command.ts";

/** How "zone check" and "zone diff" are told to read servers. */
export const SERVER_OPTIONS = {
  apex: { type: "string", short: "a" },
  by: { type: "string" },
  tsig: { type: "string" },
  tls: { type: "boolean", default: false },
  "tls-name": { type: "string" },
  "tls-ca": { type: "string" },
  "tls-pin": { type: "string", multiple: true },
} as const;

export const SERVER_HELP = `  --by transfer|queries        only so; without it, by transfer where the server allows that, otherwise by queries
  --tsig FILE                  sign transfers with the key in this file: what tsig-keygen or keymgr -t prints, or NAME:SECRET
  --tls                        transfer over TLS (port 853); the certificate must be for the address, or for:
  --tls-name NAME              this name
  --tls-ca FILE                with a CA of this file (PEM), not of the system
  --tls-pin PIN                or with this public key (base64 of its SHA-256), whoever has signed it; may be repeated`;

export interface ServerValues {
  readonly by?: string | undefined;
  readonly tsig?: string | undefined;
  readonly tls: boolean;
  readonly "tls-name"?: string | undefined;
  readonly "tls-ca"?: string | undefined;
  readonly "tls-pin"?: readonly string[] | undefined;
}

const DNS_PORT = 53;
const TLS_PORT = 853;

/** `option` is what names the server, in messages. Throws UsageError, ConfigError, TlsTrustError. */
export function readAccess(option: string, text: string, values: ServerValues): ServerAccess {
  const tls = readTls(values);
  const key = values.tsig === undefined ? {} : { key: readTsigKeyFile(values.tsig) };
  const endpoint = readEndpoint(option, text, tls === undefined ? DNS_PORT : TLS_PORT);
  return { server: { ...endpoint, ...key, ...(tls === undefined ? {} : { tls }) }, by: readWay(values, tls) };
}

/** An absolute name. Throws UsageError. */
export function readApex(text: string): string {
  try {
    return parseDomainName(text);
  } catch (error) {
    throw new UsageError(`--apex: ${(error as Error).message}`, { cause: error });
  }
}

/** Servers that cannot be read: no mistake of the command line's. */
export function isServerProblem(error: unknown): error is Error {
  return error instanceof DnsError || error instanceof ServerZoneError || error instanceof ZoneTransferError;
}

/** Options of servers where there is none do nothing, and that is told. */
export function refuseServerOptions(values: ServerValues): void {
  const given = (["by", "tsig", "tls", "tls-name", "tls-ca", "tls-pin"] as const).find((name) => values[name] !== undefined && values[name] !== false);
  if (given !== undefined) throw new UsageError(`--${given} is about servers, and none is named: leave it out, or name one`);
}

/** Where a key or TLS is asked for, nothing goes without. */
function readWay({ by, tsig }: ServerValues, tls: TlsTrust | undefined): ServerAccess["by"] {
  const isProtected = tsig !== undefined || tls !== undefined;
  switch (by) {
    case undefined:
      return isProtected ? "transfer" : "either";
    case "transfer":
      return "transfer";
    case "queries":
      if (isProtected) throw new UsageError("--by queries goes without --tsig and --tls: they are for transfers");
      return "queries";
    default:
      throw new UsageError(`--by ${by}: give transfer or queries`);
  }
}

function readTls(values: ServerValues): TlsTrust | undefined {
  const { "tls-name": name, "tls-ca": ca, "tls-pin": pins } = values;
  if (!values.tls && name === undefined && ca === undefined && pins === undefined) return undefined;
  return { name, pins, ...(ca === undefined ? {} : { ca: readCaFile(ca) }) };
}
