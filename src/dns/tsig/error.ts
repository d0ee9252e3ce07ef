/** RFC 8945 section 3. */
export const TsigRcode = { BADSIG: 16, BADKEY: 17, BADTIME: 18, BADTRUNC: 22 } as const;

/** A signature is missing or wrong, or the other end says so of ours. The message says what to do. */
export class TsigError extends Error {
  override readonly name = "TsigError";
  readonly code = "DRTM_TSIG";
  /** What a server tells a client that has sent this (RFC 8945 section 5.2). */
  readonly rcode: number;

  constructor(rcode: number, message: string) {
    super(message);
    this.rcode = rcode;
  }
}
