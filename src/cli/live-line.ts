/** Standard output, as much of it as is needed here. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const CLEAR = "\r\u001b[K";
const USUAL_WIDTH = 80;

/** The last line of a terminal, rewritten in place; it gives way to what else is printed. Nothing where there is no terminal. */
export class LiveLine {
  readonly #terminal: Terminal;
  #isShown = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Shows a line, cut to the terminal's width; `paint` colours it. */
  show(line: string, paint: (text: string) => string): void {
    if (this.#terminal.isTTY !== true) return;
    this.#isShown = true;
    this.#terminal.write(CLEAR + paint(line.slice(0, (this.#terminal.columns ?? USUAL_WIDTH) - 1)));
  }

  clear(): void {
    if (this.#isShown) this.#terminal.write(CLEAR);
    this.#isShown = false;
  }
}
