import { type Logger, destination, pino } from "pino";
import pretty from "pino-pretty";

export type { Logger };

export interface LogOptions {
  readonly level: string;
  /** `auto`: readable on a terminal, JSON elsewhere. */
  readonly format: "auto" | "json" | "pretty";
}

/** The log goes to standard error, so that standard output stays for what was asked for. */
export function makeLog({ level, format }: LogOptions): Logger {
  const readable = format === "pretty" || (format === "auto" && process.stderr.isTTY);
  const options = { level, base: null, redact: ["*.secret", "*.token"] };
  if (!readable) return pino(options, destination({ dest: 2, sync: true }));
  return pino(options, pretty({ destination: 2, sync: true, translateTime: "SYS:HH:MM:ss.l", ignore: "pid,hostname" }));
}
