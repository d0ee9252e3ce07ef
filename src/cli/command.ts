import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
import { didYouMean } from "../config/nearest.ts";

export const ExitStatus = { answered: 0, unanswered: 1, usage: 2 } as const;

/** One command of drtm. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  readonly help: string;
  /** More closely, for a command of several: by what follows it. */
  helpFor?(args: readonly string[]): string | undefined;
  /** Gives the exit status. Throws UsageError, and errors whose message says all. */
  run(args: readonly string[]): Promise<number>;
}

/** The user's mistake; the message names it and what to do. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly code = "DRTM_USAGE";
}

type Parsed<T extends ParseArgsOptionsConfig> = ReturnType<typeof parseArgs<{ options: T; allowPositionals: true; args: string[] }>>;

/** Reads a command's options. Throws UsageError with the nearest option there is. */
export function readArgs<T extends ParseArgsOptionsConfig>(command: string, args: readonly string[], options: T): Parsed<T> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    const unknown = /Unknown option '(-{1,2}[^']*)'/.exec((error as Error).message)?.[1];
    const guess = unknown === undefined ? "" : didYouMean(unknown, Object.keys(options).map((option) => `--${option}`));
    const what = unknown === undefined ? (error as Error).message : `unknown option ${unknown}${guess}`;
    throw new UsageError(`${what} (see: drtm ${command} --help)`, { cause: error });
  }
}
