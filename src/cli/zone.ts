import { didYouMean } from "../config/nearest.ts";
import { type Command, UsageError } from "./command.ts";
import { zoneBuild } from "./zone-build.ts";
import { zoneCheck } from "./zone-check.ts";
import { zoneDiff } from "./zone-diff.ts";

const ACTIONS: Readonly<Record<string, Command>> = { build: zoneBuild, check: zoneCheck, diff: zoneDiff };

export const zone: Command = {
  name: "zone",
  summary: "build, check and compare the zones of registries and DSOCs",
  help: `Usage: drtm zone build FILE.yaml --out DIRECTORY
       drtm zone check FILE|DIRECTORY... | --server ADDRESS[:PORT] --apex NAME
       drtm zone diff A B

  build  ${zoneBuild.summary}
  check  ${zoneCheck.summary}
  diff   ${zoneDiff.summary}

Options and exit status of each: drtm zone build --help, and so on. How to publish them: docs/dsoc-guide.md.

Example: drtm zone check zones --allow-loopback`,
  helpFor: ([action = ""]) => (Object.hasOwn(ACTIONS, action) ? ACTIONS[action]!.help : undefined),
  run: async ([action, ...rest]) => {
    if (action === undefined) throw new UsageError("drtm zone needs an action: build, check or diff (see: drtm zone --help)");
    const command = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
    if (command === undefined) throw new UsageError(`unknown action "${action}"${didYouMean(action, Object.keys(ACTIONS))} (see: drtm zone --help)`);
    return command.run(rest);
  },
};
