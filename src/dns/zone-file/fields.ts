import { normaliseName, endsWithDot } from "../records/index.ts";
import { decodeBase64 } from "./base-n.ts";
import { ZoneFileError } from "./error.ts";
import type { Entry, Token } from "./tokens.ts";

const MOST_SECONDS = 0x7fffffff;
const SECONDS_OF_UNIT: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const DURATION = /^(?:\d+[smhdw]?|(?:\d+[smhdw])+)$/i;

/** The fields of one entry, taken from left to right; every fault names file and line. */
export class Fields {
  readonly #file: string;
  readonly #entry: Entry;
  /** Undefined where no $ORIGIN is known yet. */
  readonly #origin: string | undefined;
  #next = 0;

  constructor(file: string, entry: Entry, origin: string | undefined) {
    this.#file = file;
    this.#entry = entry;
    this.#origin = origin;
  }

  get remaining(): number {
    return this.#entry.tokens.length - this.#next;
  }

  peek(): Token | undefined {
    return this.#entry.tokens[this.#next];
  }

  token(what: string): Token {
    const token = this.peek();
    if (token === undefined) return this.fail(`the ${what} is missing`);
    this.#next++;
    return token;
  }

  word(what: string): string {
    return this.token(what).text;
  }

  rest(): Token[] {
    const tokens = this.#entry.tokens.slice(this.#next);
    this.#next = this.#entry.tokens.length;
    return tokens;
  }

  number(what: string, most: number): number {
    const text = this.word(what);
    const value = Number(text);
    if (!/^\d{1,10}$/.test(text) || value > most) this.fail(`"${text}" is no ${what}: write a number from 0 to ${most}`);
    return value;
  }

  /** `3600` or `1h`, `1d12h`. */
  seconds(what: string): number {
    const text = this.word(what);
    const value = durationSeconds(text);
    if (value === undefined) this.fail(`"${text}" is no ${what}: write seconds, or 1h30m, at most ${MOST_SECONDS} s`);
    return value;
  }

  /** A name, made absolute with the origin. */
  name(what: string): string {
    const { text, quoted } = this.token(what);
    if (text === "@" && !quoted) return this.#originFor("@");
    return normaliseName(endsWithDot(text) ? text : `${text}.${this.#originFor(text).replace(/^\.$/, "")}`);
  }

  /** Octets in hex, blanks between them allowed, up to the end. */
  hex(what: string): Uint8Array {
    const text = this.rest().map((token) => token.text).join("");
    if (!/^(?:[0-9a-f]{2})*$/i.test(text)) this.fail(`"${text}" is no ${what}: write pairs of hex digits`);
    return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  }

  /** Octets in base64, blanks between its parts allowed, up to the end; at least one. */
  base64(what: string): Uint8Array {
    if (this.remaining === 0) this.fail(`the ${what} is missing`);
    const text = this.rest().map((token) => token.text).join("");
    return decodeBase64(text) ?? this.fail(`"${text}" is no ${what}: write it in base64`);
  }

  end(): void {
    const extra = this.peek();
    if (extra === undefined) return;
    this.#next++;
    this.fail(`"${extra.text}" is one field too many`);
  }

  /** Throws at the line of the field that was taken last. */
  fail(problem: string, cause?: unknown): never {
    const line = this.#entry.tokens[this.#next - 1]?.line ?? this.#entry.line;
    throw new ZoneFileError(this.#file, line, problem, cause === undefined ? undefined : { cause });
  }

  #originFor(text: string): string {
    return this.#origin ?? this.fail(`"${text}" is relative, and there is no $ORIGIN: write one, or end the name with a dot`);
  }
}

export function isDuration(text: string): boolean {
  return DURATION.test(text);
}

/** Undefined for what is no duration, or too long (RFC 2181 section 8). */
function durationSeconds(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined;
  const parts = [...text.toLowerCase().matchAll(/(\d+)([smhdw]?)/g)];
  const total = parts.reduce((sum, [, digits, unit]) => sum + Number(digits) * (SECONDS_OF_UNIT[unit!] ?? 1), 0);
  return total <= MOST_SECONDS ? total : undefined;
}
