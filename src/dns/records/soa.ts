import { encodeName } from "./name.ts";
import { RdataReader, concatBytes, uint32Bytes } from "./rdata-reader.ts";

/** Start of authority (RFC 1035 section 3.3.13). Times in seconds. */
export interface Soa {
  readonly mname: string;
  readonly rname: string;
  readonly serial: number;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  readonly minimum: number;
}

/** Throws RdataError. */
export function decodeSoa(bytes: Uint8Array): Soa {
  const reader = new RdataReader("SOA", bytes);
  const soa = {
    mname: reader.name("MNAME"),
    rname: reader.name("RNAME"),
    serial: reader.uint32("SERIAL"),
    refresh: reader.uint32("REFRESH"),
    retry: reader.uint32("RETRY"),
    expire: reader.uint32("EXPIRE"),
    minimum: reader.uint32("MINIMUM"),
  };
  reader.end();
  return soa;
}

export function encodeSoa(soa: Soa): Uint8Array {
  const numbers = [soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum];
  return concatBytes([encodeName(soa.mname), encodeName(soa.rname), ...numbers.map(uint32Bytes)]);
}

/**
 * RFC 1982 section 3.2: negative where `a` is older than `b`, positive where it is newer, 0 where they are equal, and
 * undefined where they lie exactly 2^31 apart, which has no order.
 */
export function compareSerials(a: number, b: number): number | undefined {
  const distance = (a - b) | 0;
  return distance === -0x80000000 ? undefined : distance;
}
