import { AddressError, type IpAddress, parseIp } from "../../address/index.ts";
import { RdataError, encodeName, endsWithDot } from "../records/index.ts";
import { ZoneFileError } from "./error.ts";
import type { Token } from "./tokens.ts";

/** The words of one record's data, taken from front to back; every fault is a ZoneFileError at its word. */
export class Fields {
  readonly #file: string;
  readonly #line: number;
  readonly #origin: string | undefined;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(file: string, line: number, origin: string | undefined, tokens: readonly Token[]) {
    this.#file = file;
    this.#line = line;
    this.#origin = origin;
    this.#tokens = tokens;
  }

  get remaining(): number {
    return this.#tokens.length - this.#at;
  }

  peek(): Token | undefined {
    return this.#tokens[this.#at];
  }

  next(what: string): Token {
    const token = this.#tokens[this.#at];
    if (token === undefined) this.fail(`ends without its ${what}`);
    this.#at++;
    return token;
  }

  rest(what: string): readonly Token[] {
    return [this.next(what), ...this.#tokens.slice(this.#at, (this.#at = this.#tokens.length))];
  }

  /** An unsigned decimal number. */
  number(what: string, most: number): number {
    const token = this.next(what);
    return this.numberOf(token, token.text, what, most);
  }

  numberOf(token: Token, text: string, what: string, most: number): number {
    const value = Number(text);
    if (!/^\d{1,10}$/.test(text) || value > most) this.fail(`is no ${what}: write a number from 0 to ${most}`, token);
    return value;
  }

  /** A domain name in wire form; a relative one is below the origin. */
  name(what: string): Uint8Array {
    return this.nameOf(this.next(what), what);
  }

  nameOf(token: Token, what: string): Uint8Array {
    try {
      return encodeName(this.#absolute(token, what));
    } catch (error) {
      return this.rethrow(error, token, `is no ${what}`);
    }
  }

  address(token: Token, text: string, family: 4 | 6): IpAddress {
    try {
      const address = parseIp(text);
      if (address.family === family) return address;
    } catch (error) {
      return this.rethrow(error, token, `is no IPv${family} address`);
    }
    return this.fail(`is no IPv${family} address`, token);
  }

  /** Hexadecimal, which may be spread over words, to the end. */
  hex(what: string): Uint8Array {
    const tokens = this.rest(what);
    const digits = tokens.map(({ text }) => text).join("");
    if (!/^(?:[0-9a-fA-F]{2})*$/.test(digits)) this.fail(`is no ${what}: write pairs of hexadecimal digits`, tokens[0]);
    return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  }

  end(): void {
    const token = this.peek();
    if (token !== undefined) this.fail("is left over: remove it", token);
  }

  fail(problem: string, token?: Token): never {
    throw new ZoneFileError({ file: this.#file, line: token?.line ?? this.#line }, token?.text, problem);
  }

  /** Passes a codec's error on with its place; anything else as it is. */
  rethrow(error: unknown, token: Token | undefined, prefix?: string): never {
    if (!(error instanceof AddressError || error instanceof RdataError)) throw error;
    const reason = error instanceof RdataError ? error.problem : error.message;
    const place = { file: this.#file, line: token?.line ?? this.#line };
    throw new ZoneFileError(place, token?.text, prefix === undefined ? reason : `${prefix}: ${reason}`, { cause: error });
  }

  #absolute(token: Token, what: string): string {
    const { text, quoted } = token;
    if (endsWithDot(text) && !quoted) return text;
    if (this.#origin === undefined) this.fail(`is a relative ${what}, and no $ORIGIN is set: end it with a dot`, token);
    if (text === "@" && !quoted) return this.#origin;
    return this.#origin === "." ? `${text}.` : `${text}.${this.#origin}`;
  }
}
