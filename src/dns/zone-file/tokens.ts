import { ZoneFileError } from "./error.ts";

export interface Token {
  /** As written, escapes included, quotation marks taken off. */
  readonly text: string;
  /** Began with a quotation mark, and so is a string whatever it says. */
  readonly quoted: boolean;
  readonly line: number;
}

/** One record or directive: a line, or several within parentheses (RFC 1035 section 5.1). */
export interface Entry {
  readonly tokens: readonly Token[];
  /** Began with white space: the owner is the one before. */
  readonly ownerOmitted: boolean;
  readonly line: number;
}

const BLANK = /[ \t\r]+/y;
const COMMENT = /;[^\n]*/y;
/** Up to a character that ends a word or begins a quoted part of it. */
const PLAIN = /(?:\\[^\n]|[^\\\s;()"])+/y;
const QUOTED = /"((?:\\[^\n]|[^\\"\n])*)"/y;

/** Splits master-file text into entries. Throws ZoneFileError. */
export function* readEntries(text: string, file: string): Generator<Entry> {
  const scanner = new Scanner(text, file);
  while (!scanner.atEnd) {
    const entry = scanner.entry();
    if (entry.tokens.length > 0) yield entry;
  }
}

class Scanner {
  readonly #text: string;
  readonly #file: string;
  #at = 0;
  #line = 1;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  entry(): Entry {
    const tokens: Token[] = [];
    const ownerOmitted = /[ \t]/.test(this.#text[this.#at]!);
    let openedAt = 0;
    for (;;) {
      this.#match(BLANK);
      this.#match(COMMENT);
      const next = this.#text[this.#at];
      if (next === undefined || (next === "\n" && openedAt === 0)) break;
      if (next === "\n") this.#newLine();
      else if (next === "(" || next === ")") openedAt = this.#parenthesis(next, openedAt);
      else tokens.push(this.#token());
    }
    if (openedAt > 0) this.#fail(openedAt, "(", "is never closed: add the missing )");
    if (!this.atEnd) this.#newLine();
    return { tokens, ownerOmitted, line: tokens[0]?.line ?? this.#line };
  }

  /** The line of the open parenthesis, or 0. */
  #parenthesis(character: string, openedAt: number): number {
    this.#at++;
    if (character === "(") {
      if (openedAt > 0) this.#fail(this.#line, "(", "stands within parentheses: they do not nest");
      return this.#line;
    }
    if (openedAt === 0) this.#fail(this.#line, ")", "closes nothing: remove it or add the missing (");
    return 0;
  }

  #token(): Token {
    const line = this.#line;
    if (this.#text[this.#at] === '"') return { text: this.#quoted(), quoted: true, line };
    let text = "";
    for (;;) {
      const plain = this.#match(PLAIN)?.[0];
      if (plain !== undefined) text += plain;
      else if (this.#text[this.#at] === '"') text += this.#quoted();
      else if (text === "") this.#fail(line, this.#text[this.#at]!, "is a \\ at the end of a line: write \\\\ or remove it");
      else return { text, quoted: false, line };
    }
  }

  #quoted(): string {
    const match = this.#match(QUOTED);
    if (match === null) this.#fail(this.#line, '"', "has no end on its line: add the missing quotation mark");
    return match[1]!;
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match !== null) this.#at = pattern.lastIndex;
    return match;
  }

  #newLine(): void {
    this.#at++;
    this.#line++;
  }

  #fail(line: number, token: string, problem: string): never {
    throw new ZoneFileError({ file: this.#file, line }, token, problem);
  }
}
