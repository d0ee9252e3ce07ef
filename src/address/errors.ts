import { printable } from "./printable.ts";

const MOST_CHARACTERS = 60;

/** Text that is no address, prefix or range. The message names the text and what is wrong with it. */
export class AddressError extends Error {
  override readonly name = "AddressError";
  readonly code = "DRTM_ADDRESS";

  constructor(text: string, problem: string) {
    super(`"${printable(text, MOST_CHARACTERS)}" ${problem}`);
  }
}
