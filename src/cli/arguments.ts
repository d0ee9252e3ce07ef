import { AddressError, type IpAddress, parseIp, unmapped } from "../address/index.ts";
import { type Endpoint, parseEndpoint } from "../config/fields.ts";
import { UsageError } from "./command.ts";

/** The port of query servers, where none is said. */
export const DEFAULT_PORT = 4344;

/** An address on the command line. Throws UsageError. */
export function readAddress(text: string): IpAddress {
  try {
    return unmapped(parseIp(text));
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    throw new UsageError(`${error.message}: give IPv4 or IPv6 addresses`, { cause: error });
  }
}

/** The value of --server. Throws UsageError. */
export function readServer(text: string): Endpoint {
  try {
    return parseEndpoint(text, DEFAULT_PORT);
  } catch (error) {
    throw new UsageError(`--server: ${(error as Error).message}`, { cause: error });
  }
}
