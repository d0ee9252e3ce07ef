import { printable } from "../records/index.ts";

/** A problem quotes the file, which may hold anything. */
const MOST_CHARACTERS = 300;

/** A zone file that cannot be read. The message names file, line and token, and what to do. */
export class ZoneFileError extends Error {
  override readonly name = "ZoneFileError";
  readonly code = "DRTM_ZONE_FILE";
  readonly file: string;
  readonly line: number;
  readonly problem: string;

  constructor(file: string, line: number, problem: string, options?: ErrorOptions) {
    const shown = printable(problem, MOST_CHARACTERS);
    super(`${file}:${line}: ${shown}`, options);
    this.file = file;
    this.line = line;
    this.problem = shown;
  }
}
