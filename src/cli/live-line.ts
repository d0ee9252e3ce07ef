import { canRewriteLine } from "../io/terminal.ts";

/** Standard output or error, as much of it as is needed here. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const USUAL_WIDTH = 80;

/** The last line of a terminal, rewritten in place; it gives way to what else is printed. Nothing where there is no terminal that can. */
export class LiveLine {
  /** Whether anything is shown at all. */
  readonly isLive: boolean;
  readonly #terminal: Terminal;
  #shown = 0;

  constructor(terminal: Terminal, environment: NodeJS.ProcessEnv = process.env) {
    this.#terminal = terminal;
    this.isLive = canRewriteLine(terminal.isTTY === true, environment);
  }

  /** Shows a line, cut to the terminal's width; `paint` colours it. */
  show(line: string, paint: (text: string) => string): void {
    if (!this.isLive) return;
    const cut = line.slice(0, (this.#terminal.columns ?? USUAL_WIDTH) - 1);
    // Spaces, where the line before was longer: not every terminal wants the sequence that erases.
    const rest = " ".repeat(Math.max(0, this.#shown - cut.length));
    this.#terminal.write(`\r${paint(cut)}${rest}`);
    this.#shown = cut.length;
  }

  clear(): void {
    if (this.#shown > 0) this.#terminal.write(`\r${" ".repeat(this.#shown)}\r`);
    this.#shown = 0;
  }
}
