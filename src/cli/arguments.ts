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

/** Reads the value of an option that names an address, and a port where it is not the usual one. Throws UsageError. */
export function readEndpoint(option: string, text: string, defaultPort: number): Endpoint {
  try {
    return parseEndpoint(text, defaultPort);
  } catch (error) {
    throw new UsageError(`${option}: ${(error as Error).message}`, { cause: error });
  }
}
