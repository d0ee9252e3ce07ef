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

const LEXEME =
  /(?<blank>[ \t\r\f]+)|(?<newline>\n)|(?<comment>;[^\n]*)|(?<paren>[()])|"(?<quoted>(?:[^"\\\n]|\\[^\n])*)"|(?<bare>(?:[^\s();"\\]|\\[^\n])+)/y;
const QUOTED_VALUE = /"((?:[^"\\\n]|\\[^\n])*)"/y;

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
    }
    if (this.#openedAt !== 0 && this.#at >= this.#text.length) this.#fail("this ( is never closed", this.#openedAt);
    return { line: tokens[0]?.line ?? line, indented, tokens };
  }

  /** Takes one lexeme; true where it ended a line. */
  #lexeme(tokens: Token[]): boolean {
    LEXEME.lastIndex = this.#at;
    const groups = LEXEME.exec(this.#text)?.groups;
    if (groups === undefined) return this.#failAtCharacter();
    this.#at = LEXEME.lastIndex;
    const { newline, paren, quoted, bare } = groups;
    const line = this.#line;
    if (newline !== undefined) this.#line++;
    else if (paren !== undefined) this.#parenthesis(paren);
    else if (quoted !== undefined) tokens.push({ text: quoted, quoted: true, line });
    else if (bare !== undefined) tokens.push({ text: bare + this.#quotedValue(bare), quoted: false, line });
    return newline !== undefined;
  }

  /** The quoted part of `key="value"` (RFC 9460 section 2.1). */
  #quotedValue(bare: string): string {
    if (!bare.endsWith("=") || this.#text[this.#at] !== '"') return "";
    QUOTED_VALUE.lastIndex = this.#at;
    const value = QUOTED_VALUE.exec(this.#text)?.[1];
    if (value === undefined) return this.#failAtCharacter();
    this.#at = QUOTED_VALUE.lastIndex;
    return value;
  }

  #parenthesis(paren: string): void {
    const opening = paren === "(";
    if (opening && this.#openedAt !== 0) this.#fail(`( inside the ( of line ${this.#openedAt}: close that one first`);
    if (!opening && this.#openedAt === 0) this.#fail(") without a ( before it");
    this.#openedAt = opening ? this.#line : 0;
  }

  #failAtCharacter(): never {
    const character = this.#text[this.#at]!;
    if (character === '"') this.#fail('a string has no closing " on its line');
    if (character === "\\") this.#fail("\\ at the end of a line: it must escape a character");
    return this.#fail(`unexpected character ${JSON.stringify(character)}: put it into "quotes"`);
  }

  #fail(problem: string, line = this.#line): never {
    throw new ZoneFileError(this.#file, line, problem);
  }
}
