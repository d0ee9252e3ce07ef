import { ZoneFileError } from "./error.ts";

export interface Token {
  /** Escapes are still in it; enclosing quotes are not. */
  readonly text: string;
  readonly quoted: boolean;
  readonly line: number;
}

/** One directive or record: a line, or several held together by parentheses (RFC 1035 section 5.1). */
export interface Entry {
  readonly line: number;
  /** It begins with blanks, so the owner of the record before is its owner. */
  readonly indented: boolean;
  readonly tokens: readonly Token[];
}

const LEXEME = /(?<blank>[ \t\r\f]+)|(?<newline>\n)|(?<comment>;[^\n]*)|(?<paren>[()])|(?<quote>")/y;
/** What a token holds between escapes. A regular expression for all of it would run out of stack in one of some megabytes. */
const PLAIN = { bare: /[^\s();"\\]*/y, quoted: /[^"\\\n]*/y } as const;
/** The 65,535 octets that a record has at most, each as \DDD, and the name of a parameter. */
const MOST_CHARACTERS = 270_000;
/** Data of 65,535 empty strings, or octets in hex with blanks between them; owner, TTL, class, type, and what announces the data. */
const MOST_TOKENS = 65_535 + 8;

/** The entries of a zone file, in order. Throws ZoneFileError. */
export function* readEntries(text: string, file: string): Generator<Entry> {
  const reader = new EntryReader(text, file);
  for (let entry = reader.next(); entry !== undefined; entry = reader.next()) {
    if (entry.tokens.length > 0) yield entry;
  }
}

class EntryReader {
  readonly #text: string;
  readonly #file: string;
  #at = 0;
  #line = 1;
  /** Line of the parenthesis that is open; 0 for none. */
  #openedAt = 0;

  constructor(text: string, file: string) {
    this.#text = text.startsWith("\uFEFF") ? text.slice(1) : text;
    this.#file = file;
  }

  /** The next line, perhaps without tokens; undefined at the end. */
  next(): Entry | undefined {
    if (this.#at >= this.#text.length) return undefined;
    const tokens: Token[] = [];
    const line = this.#line;
    const indented = /[ \t]/.test(this.#text[this.#at]!);
    while (this.#at < this.#text.length) {
      if (this.#lexeme(tokens) && this.#openedAt === 0) break;
      if (tokens.length > MOST_TOKENS) this.#fail(`more than ${MOST_TOKENS} fields in one record: it has no room for them`, line);
    }
    if (this.#openedAt !== 0 && this.#at >= this.#text.length) this.#fail("this ( is never closed", this.#openedAt);
    return { line: tokens[0]?.line ?? line, indented, tokens };
  }

  /** Takes one lexeme; true where it ended a line. */
  #lexeme(tokens: Token[]): boolean {
    LEXEME.lastIndex = this.#at;
    const groups = LEXEME.exec(this.#text)?.groups;
    if (groups !== undefined) this.#at = LEXEME.lastIndex;
    const { newline, paren, quote } = groups ?? {};
    if (groups === undefined) tokens.push({ text: this.#bare(), quoted: false, line: this.#line });
    else if (newline !== undefined) this.#line++;
    else if (paren !== undefined) this.#parenthesis(paren);
    else if (quote !== undefined) tokens.push({ text: this.#quoted(), quoted: true, line: this.#line });
    return newline !== undefined;
  }

  #bare(): string {
    const text = this.#run(PLAIN.bare);
    if (text === "") this.#failAtCharacter();
    // `key="value"` (RFC 9460 section 2.1).
    if (!text.endsWith("=") || this.#text[this.#at] !== '"') return text;
    this.#at++;
    return text + this.#quoted();
  }

  /** What is quoted, from after the first quote; goes on after the last. */
  #quoted(): string {
    const text = this.#run(PLAIN.quoted);
    if (this.#text[this.#at] !== '"') this.#fail('a string has no closing " on its line');
    this.#at++;
    return text;
  }

  /** Takes what is plain, and escapes. */
  #run(plain: RegExp): string {
    const start = this.#at;
    for (;;) {
      plain.lastIndex = this.#at;
      plain.test(this.#text);
      this.#at = plain.lastIndex;
      if (this.#at - start > MOST_CHARACTERS) this.#fail(`more than ${MOST_CHARACTERS} characters in one field: no record has room for them`);
      if (this.#text[this.#at] !== "\\") return this.#text.slice(start, this.#at);
      if ((this.#text[this.#at + 1] ?? "\n") === "\n") this.#fail("\\ at the end of a line: it must escape a character");
      this.#at += 2;
    }
  }

  #parenthesis(paren: string): void {
    const opening = paren === "(";
    if (opening && this.#openedAt !== 0) this.#fail(`( inside the ( of line ${this.#openedAt}: close that one first`);
    if (!opening && this.#openedAt === 0) this.#fail(") without a ( before it");
    this.#openedAt = opening ? this.#line : 0;
  }

  #failAtCharacter(): never {
    const character = this.#text[this.#at]!;
    return this.#fail(`unexpected character ${JSON.stringify(character)}: put it into "quotes"`);
  }

  #fail(problem: string, line = this.#line): never {
    throw new ZoneFileError(this.#file, line, problem);
  }
}
