/**
 * What is wrong, for those who act on it:
 * - `missing`: no signature, no DNSKEY or no ZONEMD where one must be
 * - `malformed`: a record that breaks its format
 * - `unsupported`: an algorithm, digest type or scheme that this software does not take
 * - `anchor`: no trust anchor matches a key of the zone
 * - `key`: signed by a key that the zone does not have, or that must not sign
 * - `early`, `expired`: not within the time of the signature
 * - `signature`: does not fit the records
 * - `serial`, `digest`: the ZONEMD is not of this zone
 * - `limit`: more keys, signatures or proofs than an honest zone has
 */
export type Fault = "missing" | "malformed" | "unsupported" | "anchor" | "key" | "early" | "expired" | "signature" | "serial" | "digest" | "limit";

/** Why something is not valid. The message names the record. */
export class DnssecError extends Error {
  override readonly name = "DnssecError";
  readonly code = "DRTM_DNSSEC";
  readonly fault: Fault;

  constructor(fault: Fault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }
}
