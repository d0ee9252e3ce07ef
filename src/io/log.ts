import { createRequire } from "node:module";
import type * as Pino from "pino";
import type * as PinoPretty from "pino-pretty";
import { wantsColour } from "./terminal.ts";

/** From the least to the gravest, as pino has them. */
const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"] as const;

export type LogLevel = (typeof LEVELS)[number];
/** Writes a text as a line of its level, where that is wanted. */
export type Logger = Readonly<Record<LogLevel, (text: string) => void>>;

export interface LogOptions {
  /** Less than this is not written. */
  readonly level: LogLevel;
  /** `auto`: readable on a terminal, JSON elsewhere. */
  readonly format: "auto" | "json" | "pretty";
}

/**
 * The log goes to standard error, so that standard output stays for what was asked for; `before` is called before each line. What writes
 * it is loaded with the first line: that takes a while, and a server must answer soon after its start.
 */
export function makeLog(options: LogOptions, before: () => void = () => undefined): Logger {
  const least = LEVELS.indexOf(options.level);
  let log: Pino.Logger | undefined;
  const writers = LEVELS.map((level, index): [LogLevel, (text: string) => void] => [
    level,
    (text) => {
      if (index >= least) (log ??= openLog(options, before))[level](text);
    },
  ]);
  return Object.fromEntries(writers) as Logger;
}

function openLog({ level, format }: LogOptions, before: () => void): Pino.Logger {
  const require = createRequire(import.meta.url);
  const { pino } = require("pino") as typeof Pino;
  const shaped = format === "pretty" || (format === "auto" && process.stderr.isTTY) ? readable(require) : (line: string) => line;
  const write = (line: string): void => {
    before();
    process.stderr.write(shaped(line));
  };
  return pino({ level, base: null }, { write });
}

function readable(require: NodeJS.Require): (line: string) => string {
  const { prettyFactory } = require("pino-pretty") as typeof PinoPretty;
  return prettyFactory({ colorize: wantsColour(process.stderr.isTTY, process.env), translateTime: "SYS:HH:MM:ss.l", ignore: "pid,hostname" });
}
