/** Whether colours may be written: not on a terminal that cannot, nor where the user wants none (no-color.org). */
export function wantsColour(isTerminal: boolean, { NO_COLOR, TERM }: NodeJS.ProcessEnv): boolean {
  return isTerminal && (NO_COLOR ?? "") === "" && TERM !== "dumb";
}

/** Whether a line may be written over, by a carriage return alone: it needs no escape sequence. */
export function canRewriteLine(isTerminal: boolean, { TERM }: NodeJS.ProcessEnv): boolean {
  return isTerminal && TERM !== "dumb";
}
