import { EXTENSION_HEADER_OCTETS, type LoadShift, appendLoadShift } from "../../wire/index.ts";

/** Longest hold time that may be asked for (docs/protocol.md section 7.10); milliseconds. */
export const LONGEST_HOLD_MS = 3_600_000;
const MOST_OCTETS = 1024;

/** How much of its load this server wants to keep, and where it would like the rest: said in its replies for as long as it is so. */
export class OfferedShift {
  readonly #bytes = new Uint8Array(MOST_OCTETS);
  readonly #view = new DataView(this.#bytes.buffer);
  #length = 0;
  #shift: LoadShift | undefined;
  #until = -Infinity;

  /** Asks queriers for a shift from now on; the hold time counts from each reply to the end of the wish. Throws RangeError when it does not fit. */
  set(now: number, shift: LoadShift): void {
    const holdMs = Math.min(shift.holdMs, LONGEST_HOLD_MS);
    const length = appendLoadShift(this.#view, 0, MOST_OCTETS, { ...shift, holdMs });
    if (length === 0) throw new RangeError("too many alternatives, or too long ones: at most 16");
    this.#length = length;
    this.#shift = { ...shift, holdMs };
    this.#until = now + holdMs * 1000;
  }

  isActive(now: number): boolean {
    return now < this.#until;
  }

  /** What is asked for now; undefined when nothing is. */
  current(now: number): { readonly shift: LoadShift; readonly remainingMs: number } | undefined {
    return this.#shift === undefined || !this.isActive(now) ? undefined : { shift: this.#shift, remainingMs: (this.#until - now) / 1000 };
  }

  /** Appends the extension with the time that remains; gives the message's new length, the old one where it does not fit. */
  append(now: number, view: DataView, offset: number, limit: number): number {
    if (offset + this.#length > limit) return offset;
    this.#view.setUint32(EXTENSION_HEADER_OCTETS + 4, Math.max(0, Math.round((this.#until - now) / 1000)));
    new Uint8Array(view.buffer, view.byteOffset + offset, this.#length).set(this.#bytes.subarray(0, this.#length));
    return offset + this.#length;
  }
}
