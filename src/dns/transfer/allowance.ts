import { TransferError } from "./error.ts";
import type { TransferLimits } from "./types.ts";

/** Counts what one transfer brings, and ends it when that is too much. */
export class Allowance {
  readonly used = { octets: 0, records: 0, messages: 0 };
  readonly #subject: string;
  readonly #limits: TransferLimits;

  constructor(subject: string, limits: TransferLimits) {
    this.#subject = subject;
    this.#limits = limits;
  }

  /** Throws TransferError when this is more than allowed. */
  take(what: keyof TransferLimits, count: number): void {
    this.used[what] += count;
    if (this.used[what] <= this.#limits[what]) return;
    const most = this.#limits[what].toLocaleString("en");
    throw new TransferError("bounds", `${this.#subject}: more than ${most} ${what}, so it was ended; if the zone is that large, raise the limit, otherwise look at what the server sends`);
  }
}
