import { wantsColour } from "./terminal.ts";

/** Numbers as pino and bunyan have them, for what reads logs. */
const LEVELS = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60 } as const;
const COLOURS: Readonly<Record<LogLevel, number>> = { trace: 90, debug: 34, info: 32, warn: 33, error: 31, fatal: 41 };
const TEXT_COLOUR = 36;

export type LogLevel = keyof typeof LEVELS;
/** Writes a text as a line of its level, where that is wanted. */
export type Logger = Readonly<Record<LogLevel, (text: string) => void>>;

export interface LogOptions {
  /** Less than this is not written. */
  readonly level: LogLevel;
  /** `auto`: readable on a terminal, JSON elsewhere. */
  readonly format: "auto" | "json" | "pretty";
}

/** The log goes to standard error, so that standard output stays for what was asked for; `before` is called before each line. */
export function makeLog({ level, format }: LogOptions, before: () => void = () => undefined): Logger {
  const line = format === "pretty" || (format === "auto" && process.stderr.isTTY) ? readable(wantsColour(process.stderr.isTTY, process.env)) : json;
  const writer = (name: LogLevel) => (text: string): void => {
    if (LEVELS[name] < LEVELS[level]) return;
    before();
    process.stderr.write(`${line(name, text, new Date())}\n`);
  };
  return { trace: writer("trace"), debug: writer("debug"), info: writer("info"), warn: writer("warn"), error: writer("error"), fatal: writer("fatal") };
}

type Line = (level: LogLevel, text: string, time: Date) => string;

const json: Line = (level, text, time) => JSON.stringify({ level: LEVELS[level], time: time.getTime(), msg: text });

/** Local time of day, level and text. */
function readable(hasColours: boolean): Line {
  const paint = (colour: number, text: string): string => (hasColours ? `\u001b[${colour}m${text}\u001b[39;49m` : text);
  return (level, text, time) => `[${clockOf(time)}] ${paint(COLOURS[level], level.toUpperCase())}: ${paint(TEXT_COLOUR, text)}`;
}

function clockOf(time: Date): string {
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${String(time.getMilliseconds()).padStart(3, "0")}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
