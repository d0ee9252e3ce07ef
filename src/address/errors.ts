/** Text that is no address, prefix or range. The message names the text and what is wrong with it. */
export class AddressError extends Error {
  override readonly name = "AddressError";
  readonly code = "DRTM_ADDRESS";

  constructor(text: string, problem: string) {
    super(`"${text.length > 60 ? `${text.slice(0, 57)}...` : text}" ${problem}`);
  }
}
