export { rcodeName } from "../message/index.ts";

/**
 * What is wrong with a transfer:
 * `refused`: the server says no, by RCODE; `lame`: it does not serve the zone; `foreign`: an answer to something else, or
 * records of something else; `malformed`: no DNS; `increments`: they do not lead from our serial to the server's;
 * `serial`: the zone goes back; `changed`: the end does not fit the start; `cut`: it ended too early; `bounds`: it is larger
 * than allowed; `trailing`: something follows its end; `signature`: TSIG.
 */
export type TransferFault =
  | "refused" | "lame" | "foreign" | "malformed" | "increments" | "serial" | "changed" | "cut" | "bounds" | "trailing" | "signature";

/** A transfer that cannot be used. The message names the zone, the place in the transfer, and what to do. */
export class TransferError extends Error {
  override readonly name = "TransferError";
  readonly code = "DRTM_TRANSFER";
  readonly fault: TransferFault;
  /** Of a server that refuses. */
  readonly rcode: number | undefined;

  constructor(fault: TransferFault, message: string, options: ErrorOptions & { readonly rcode?: number } = {}) {
    super(message, options);
    this.fault = fault;
    this.rcode = options.rcode;
  }
}

/** FORMERR, SERVFAIL, NOTIMP, REFUSED: what servers say to an IXFR that they cannot or may not answer. */
const MAY_TRANSFER_WHOLE: ReadonlySet<number | undefined> = new Set([1, 2, 4, 5]);

/** Whether a server that has failed an IXFR in this way may still give the whole zone (RFC 1995 section 4). */
export function calledForAxfr({ fault, rcode }: TransferError): boolean {
  return fault === "increments" || (fault === "refused" && MAY_TRANSFER_WHOLE.has(rcode));
}
