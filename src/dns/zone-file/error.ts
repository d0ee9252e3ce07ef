/** Where in which file something was read. */
export interface Place {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** Text that is no zone file. The message says where, which word, what is wrong, and what to write. */
export class ZoneFileError extends Error {
  override readonly name = "ZoneFileError";
  readonly code = "DRTM_ZONE_FILE";
  readonly file: string;
  readonly line: number;

  constructor(place: Place, token: string | undefined, problem: string, options?: ErrorOptions) {
    super(`${place.file}:${place.line}: ${token === undefined ? "" : `"${shorten(token)}" `}${problem}`, options);
    this.file = place.file;
    this.line = place.line;
  }
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
