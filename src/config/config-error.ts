import { printable } from "../address/printable.ts";

/** A fault quotes the file, which may hold anything. */
const MOST_CHARACTERS = 1_000;

/** A configuration that cannot be used; one line for each fault, with file, line, path and what to do. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly code = "DRTM_CONFIG";
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    const shown = faults.map((fault) => printable(fault, MOST_CHARACTERS));
    super(shown.join("\n"));
    this.faults = shown;
  }
}
