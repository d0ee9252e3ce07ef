const useColour = wantsColour(process.stdout.isTTY, process.env);

/** Terminal colours, nothing where standard output is no terminal. */
export const paint = {
  bold: colour(1, 22),
  dim: colour(2, 22),
  red: colour(31, 39),
  green: colour(32, 39),
  yellow: colour(33, 39),
  cyan: colour(36, 39),
};

export type Align = "left" | "right";

/** Columns of text, aligned. Colours in cells do not count as width. */
export function formatTable(rows: readonly (readonly string[])[], align: readonly Align[] = []): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) => Math.max(...rows.map((row) => width(row[column] ?? ""))));
  return rows
    .map((row) => Array.from(row, (cell, column) => pad(cell, widths[column]!, align[column] ?? "left")).join("  ").trimEnd())
    .join("\n");
}

/** Not on a terminal that cannot, nor where the user wants none (no-color.org). */
export function wantsColour(isTerminal: boolean, { NO_COLOR, TERM }: NodeJS.ProcessEnv): boolean {
  return isTerminal && (NO_COLOR ?? "") === "" && TERM !== "dumb";
}

function pad(cell: string, to: number, align: Align): string {
  const space = " ".repeat(to - width(cell));
  return align === "left" ? cell + space : space + cell;
}

function width(text: string): number {
  let count = 0;
  let inEscape = false;
  for (const letter of text) {
    if (letter === "\u001b") inEscape = true;
    else if (inEscape) inEscape = letter !== "m";
    else count++;
  }
  return count;
}

function colour(on: number, off: number): (text: string) => string {
  return useColour ? (text) => `\u001b[${on}m${text}\u001b[${off}m` : (text) => text;
}
