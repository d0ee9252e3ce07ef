import { formatEndpoint } from "../address/index.ts";
import { ConfigError } from "../config/config-error.ts";
import { loadConfig } from "../config/load.ts";
import type { Config, QsaConfig } from "../config/schema.ts";
import { ChangeLog, ChangeLogError } from "../io/change-log.ts";
import { MappingError, MappingFileError, readStore } from "../roles/read-store.ts";
import { RegistrySourceError, checkRegistrySources } from "../roles/registry-sources.ts";
import { type Command, ExitStatus, UsageError, readArgs } from "./command.ts";
import { counted } from "./counted.ts";

export const check: Command = {
  name: "check",
  summary: "check a configuration file",
  help: `Usage: drtm check FILE...

Says of each file whether it is a right configuration, and reads the files that it names (mapping, the changes kept, CA
certificates), its keys and trust anchors; otherwise every fault, with its line and what to do.

Exit status: 0 all are right, 2 one is not.

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
    for (const fault of faultsIn(error, file)) console.error(fault);
    return false;
  }
}

/** Each with the file to look at in front: the configuration, a mapping file, or the changes kept. Throws what is no fault of theirs. */
function faultsIn(error: unknown, file: string): readonly string[] {
  if (error instanceof RegistrySourceError) return [`${file}: ${error.message}`];
  if (error instanceof ConfigError) return error.faults;
  if (error instanceof MappingFileError || error instanceof MappingError || error instanceof ChangeLogError) return [error.message];
  throw error;
}

function summary(config: Config): string {
  const listen = config.listen.map(({ address, port }) => formatEndpoint(address, port)).join(", ");
  return `${config.role} on ${listen}, ${contentSummary(config)}`;
}

function contentSummary(config: Config): string {
  switch (config.role) {
    case "qsr":
      checkRegistrySources(config.dns);
      return counted(config.dns.registries.length, "registry", "registries");
    case "qsc":
      return counted(config.upstreams.length, "upstream");
    case "qsa":
      return mappingSummary(config);
  }
}

function mappingSummary({ mapping, changes }: QsaConfig): string {
  const store = readStore(mapping);
  if (changes !== undefined) ChangeLog.replay(changes, store);
  const { mabs, micronets } = store;
  const content = `${counted(mabs.length, "MAB")}, ${counted(micronets, "micronet")}`;
  return `${counted(mapping.length, "mapping file")} with ${content}`;
}
