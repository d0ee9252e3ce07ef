import type { ParseArgsOptionsConfig, parseArgs } from "node:util";
import { didYouMean } from "../config/nearest.ts";
import { nodeUtil } from "../io/late-modules.ts";

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
    return nodeUtil().parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(`${mistake(error as Error, options)} (see: drtm ${command} --help)`, { cause: error });
  }
}

/** Throws UsageError where options were given that an option leaves without effect: all but `useful`. Not given is undefined or false. */
export function refuseBeside(option: string, values: Readonly<Record<string, unknown>>, useful: readonly string[], why: string): void {
  const idle = Object.keys(values).find((other) => other !== option && !useful.includes(other) && values[other] !== undefined && values[other] !== false);
  if (idle !== undefined) throw new UsageError(`--${idle} does not go with --${option}: ${why}`);
}

/** What Node says of wrong options, in one line and in our words. */
function mistake({ message }: Error, options: ParseArgsOptionsConfig): string {
  const unknown = /^Unknown option '(-{1,2}[^']*)'/.exec(message)?.[1];
  if (unknown !== undefined) return `unknown option ${unknown}${didYouMean(unknown, Object.keys(options).map((option) => `--${option}`))}`;
  const option = optionNamed(message, options);
  if (message.includes("does not take an argument")) return `${option} takes no value`;
  if (message.includes("argument missing")) return `${option} needs a value`;
  if (message.includes("argument is ambiguous")) return `${option} needs a value; one that begins with a dash is given as ${option}=-VALUE`;
  return message.replaceAll("\n", " ");
}

/** The option that Node means by '--seed', '-s' or '-s, --seed <value>'; by its long name, which takes any value after "=". */
function optionNamed(message: string, options: ParseArgsOptionsConfig): string {
  const name = /^Option '([^']*)'/.exec(message)?.[1] ?? "an option";
  const long = /--[^ ]+/.exec(name)?.[0];
  return long ?? Object.keys(options).map((option) => `--${option}`).find((option) => `-${options[option.slice(2)]!.short}` === name) ?? name;
}
