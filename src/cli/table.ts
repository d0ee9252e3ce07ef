import { wantsColour } from "../io/terminal.ts";

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

const USUAL_WIDTH = 80;

/** Columns of the terminal, or what is usual where standard output is none. */
export function terminalWidth(): number {
  return process.stdout.columns ?? USUAL_WIDTH;
}

export type Align = "left" | "right";

/** Columns of text, aligned. Colours in cells do not count as width. */
export function formatTable(rows: readonly (readonly string[])[], align: readonly Align[] = []): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) => Math.max(...rows.map((row) => width(row[column] ?? ""))));
  return rows
    .map((row) => Array.from(row, (cell, column) => pad(cell, widths[column]!, align[column] ?? "left")).join("  ").trimEnd())
    .join("\n");
}

/** A list over as many lines as it takes, each at most `most` columns wide where its items allow it. */
export function wrapList(items: readonly string[], most: number): string[] {
  const lines: string[] = [];
  for (const item of items) {
    const longer = lines.length === 0 ? item : `${lines.at(-1)}, ${item}`;
    if (lines.length > 0 && width(longer) < most) lines[lines.length - 1] = longer;
    else lines.push(item);
  }
  return lines.map((line, index) => (index < lines.length - 1 ? `${line},` : line));
}

function pad(cell: string, to: number, align: Align): string {
  const space = " ".repeat(to - width(cell));
  return align === "left" ? cell + space : space + cell;
}

/** Columns that a text takes on a terminal. */
export function width(text: string): number {
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

/** `17:08:36.105` as the clocks of this place have it, like the log's. */
export function clockTime(date: Date): string {
  return `${date.toTimeString().slice(0, 8)}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}
