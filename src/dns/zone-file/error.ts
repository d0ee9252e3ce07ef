/** A zone file that cannot be read. The message names file, line and token, and what to do. */
export class ZoneFileError extends Error {
  override readonly name = "ZoneFileError";
  readonly code = "DRTM_ZONE_FILE";
  readonly file: string;
  readonly line: number;
  readonly problem: string;

  constructor(file: string, line: number, problem: string, options?: ErrorOptions) {
    super(`${file}:${line}: ${problem}`, options);
    this.file = file;
    this.line = line;
    this.problem = problem;
  }
}
