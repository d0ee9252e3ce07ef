import { formatEndpoint } from "../address/index.ts";
import { ConfigError, loadConfig } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import { type Command, ExitStatus, UsageError, readArgs } from "./command.ts";

export const check: Command = {
  name: "check",
  summary: "check a configuration file",
  help: `Usage: drtm check FILE...

Says of each file whether it is a right configuration; otherwise every fault, with its line and what to do.

Example: drtm check /etc/drtm/qsr.yaml`,
  run: async (args) => {
    const { positionals } = readArgs("check", args, {});
    if (positionals.length === 0) throw new UsageError("drtm check needs a file (see: drtm check --help)");
    return positionals.map(checkFile).every(Boolean) ? ExitStatus.answered : ExitStatus.usage;
  },
};

function checkFile(file: string): boolean {
  try {
    console.log(`${file}: ok, ${summary(loadConfig(file))}`);
    return true;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const fault of error.faults) console.error(fault);
    return false;
  }
}

function summary(config: Config): string {
  const listen = config.listen.map(({ address, port }) => formatEndpoint(address, port)).join(", ");
  const what = config.role === "qsr" ? `${config.dns.registries.length} registries` : `${config.mapping.length} mapping files`;
  return `${config.role} on ${listen}, ${what}`;
}
