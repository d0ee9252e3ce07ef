import { type Command, ExitStatus, UsageError } from "./command.ts";

type Load = () => Promise<Command>;

/** Loaded one at a time, so that each starts as fast as it can. */
const COMMANDS: Readonly<Record<string, Load>> = {
  up: async () => (await import("./up.ts")).up,
  qsr: async () => (await import("./serve.ts")).qsr,
  qsa: async () => (await import("./serve.ts")).qsa,
  qsc: async () => (await import("./serve.ts")).qsc,
  itr: async () => (await import("./itr.ts")).itr,
  query: async () => (await import("./query.ts")).query,
  ctl: async () => (await import("./ctl.ts")).ctl,
  check: async () => (await import("./check.ts")).check,
  zone: async () => (await import("./zone.ts")).zone,
  sim: async () => (await import("./sim.ts")).sim,
};

/** Runs one command line, without the program's name; gives the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  process.stdout.on("error", endForOutput);
  // Where standard error fails there is nowhere left to say so.
  process.stderr.on("error", () => undefined);
  try {
    return await run(args);
  } catch (error) {
    console.error(`drtm: ${describe(error)}`);
    return ExitStatus.usage;
  }
}

async function run([name, ...rest]: readonly string[]): Promise<number> {
  if (name === undefined || name === "--help" || name === "-h") return showHelp(name === undefined);
  if (name === "help") return rest[0] === undefined ? showHelp(false) : print(helpOf(await commandNamed(rest[0]), rest.slice(1)));
  if (name === "--version" || name === "-V") return print((await import("../io/version.ts")).VERSION);
  const command = await commandNamed(name);
  return rest.includes("--help") || rest.includes("-h") ? print(helpOf(command, rest)) : command.run(rest);
}

function helpOf(command: Command, args: readonly string[]): string {
  return command.helpFor?.(args) ?? command.help;
}

/** Throws UsageError with the nearest command there is. */
async function commandNamed(name: string): Promise<Command> {
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (load === undefined) {
    const { didYouMean } = await import("../config/nearest.ts");
    throw new UsageError(`unknown command "${name}"${didYouMean(name, Object.keys(COMMANDS))} (see: drtm --help)`);
  }
  return load();
}

async function showHelp(isMistake: boolean): Promise<number> {
  const commands = await Promise.all(Object.values(COMMANDS).map((load) => load()));
  const [{ formatTable }, { VERSION }] = await Promise.all([import("./table.ts"), import("../io/version.ts")]);
  const list = formatTable(commands.map(({ name, summary }) => [`  ${name}`, summary]));
  const text = `drtm ${VERSION}: distributed real time mapping for edge address space

Usage: drtm COMMAND [options]

${list}

  -h, --help     this; after a command, its options (or: drtm help COMMAND)
  -V, --version  the version

Exit status: 0 answered, 1 answered negatively or not at all, 2 wrong usage or configuration.`;
  if (!isMistake) return print(text);
  console.error(text);
  return ExitStatus.usage;
}

function print(text: string): number {
  console.log(text);
  return ExitStatus.answered;
}

/** Errors of this software say all in their message; any other is a bug, and shows where it is. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as { code?: unknown };
  return typeof code === "string" ? error.message : (error.stack ?? error.message);
}

/** Quietly where whoever read our output has gone, as `head` does; a full disk is told. */
function endForOutput(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit(ExitStatus.answered);
  console.error(`drtm: cannot write to standard output: ${error.message}`);
  process.exit(ExitStatus.unanswered);
}
