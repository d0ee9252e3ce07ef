import { createRequire } from "node:module";
import { type Logger, pino } from "pino";
import type { prettyFactory as PrettyFactory } from "pino-pretty";
import { wantsColour } from "./terminal.ts";

export type { Logger };

export interface LogOptions {
  readonly level: string;
  /** `auto`: readable on a terminal, JSON elsewhere. */
  readonly format: "auto" | "json" | "pretty";
}

/** The log goes to standard error, so that standard output stays for what was asked for; `before` is called before each line. */
export function makeLog({ level, format }: LogOptions, before: () => void = () => undefined): Logger {
  const readable = format === "pretty" || (format === "auto" && process.stderr.isTTY);
  const shaped = readable ? prettyFormat() : (line: string) => line;
  const write = (line: string): void => {
    before();
    process.stderr.write(shaped(line));
  };
  return pino({ level, base: null, redact: ["*.secret", "*.token"] }, { write });
}

/** Loaded only where it is used, for it takes a while, and a server must answer soon after its start. */
function prettyFormat(): (line: string) => string {
  const { prettyFactory } = createRequire(import.meta.url)("pino-pretty") as { prettyFactory: typeof PrettyFactory };
  return prettyFactory({ colorize: wantsColour(process.stderr.isTTY, process.env), translateTime: "SYS:HH:MM:ss.l", ignore: "pid,hostname" });
}
