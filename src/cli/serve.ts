import type { Worker } from "node:worker_threads";
import type { Config } from "../config/schema.ts";
import type { Logger } from "../io/log.ts";
import type { EngineRole } from "../roles/engine/messages.ts";
import type { Running } from "../roles/running.ts";
import { startEngine } from "../roles/threads.ts";
import { type Command, ExitStatus, UsageError, readArgs } from "./command.ts";
import { stopSignal, untilStopped } from "./stop-signal.ts";

const EXIT_STATUS = "Exit status: 0 stopped by a signal, 1 it could not go on, 2 wrong usage or configuration, or an address that is taken.";

export const qsr: Command = {
  name: "qsr",
  summary: "run a resolving query server (ISP)",
  help: `Usage: drtm qsr --config FILE

Runs a resolving query server: finds all MABs and their QSAs in DNS, measures them, answers ITRs.

${EXIT_STATUS}

Example: drtm qsr --config /etc/drtm/qsr.yaml        (see docs/configuration.md)`,
  run: (args) => serve("qsr", args, async (config, log, thread) => (await import("../roles/qsr.ts")).runQsr(expect(config, "qsr"), log, thread)),
};

export const qsa: Command = {
  name: "qsa",
  summary: "run an authoritative query server (DSOC)",
  help: `Usage: drtm qsa --config FILE

Runs an authoritative query server on mapping files; "drtm ctl map set" changes mapping.

${EXIT_STATUS}

Example: drtm qsa --config /etc/drtm/qsa.yaml        (see docs/configuration.md)`,
  run: (args) => serve("qsa", args, async (config, log, thread) => (await import("../roles/qsa.ts")).runQsa(expect(config, "qsa"), log, thread)),
};

export const qsc: Command = {
  name: "qsc",
  summary: "run a caching query server (ISP, in front of QSRs)",
  help: `Usage: drtm qsc --config FILE

Runs a caching query server: answers ITRs from its cache, and asks the QSRs, QSCs or QSAs that its file names.

${EXIT_STATUS}

Example: drtm qsc --config /etc/drtm/qsc.yaml        (see docs/configuration.md)`,
  run: (args) => serve("qsc", args, async (config, log, thread) => (await import("../roles/qsc.ts")).runQsc(expect(config, "qsc"), log, thread)),
};

/** A role is loaded by itself, so that each starts as fast as it can. */
type Run = (config: Config, log: Logger, thread: Worker) => Promise<Running>;

async function serve(name: EngineRole, args: readonly string[], run: Run): Promise<number> {
  const { values, positionals } = readArgs(name, args, { config: { type: "string", short: "c" } });
  if (positionals.length > 0) throw new UsageError(`drtm ${name} takes no "${positionals[0]}": name the file with --config`);
  if (values.config === undefined) throw new UsageError(`drtm ${name} needs --config FILE (see: drtm ${name} --help)`);
  // It loads its code while this thread loads what reads the file.
  const thread = startEngine(name);
  try {
    return await serveUntilStopped(values.config, thread, run);
  } finally {
    // It has ended, unless something has failed.
    await thread.terminate();
  }
}

async function serveUntilStopped(file: string, thread: Worker, run: Run): Promise<number> {
  const [{ loadConfig }, { makeLog }] = await Promise.all([import("../config/load.ts"), import("../io/log.ts")]);
  const config = loadConfig(file);
  const log = makeLog(config.log);
  const stop = stopSignal();
  const running = await run(config, log, thread);
  const end = await Promise.race([untilStopped(stop), running.failed]);
  if (end instanceof Error) log.fatal(`this server cannot go on, and ends so as to be started again: ${end.stack}`);
  else log.info(`${end}: stopping`);
  await running.close();
  log.info("stopped");
  return end instanceof Error ? ExitStatus.unanswered : ExitStatus.answered;
}

function expect<R extends Config["role"]>(config: Config, role: R): Extract<Config, { role: R }> {
  if (config.role !== role) throw new UsageError(`this file configures a ${config.role}: run "drtm ${config.role}" with it`);
  return config as Extract<Config, { role: R }>;
}
