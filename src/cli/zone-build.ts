import { statSync } from "node:fs";
import { join } from "node:path";
import { leftIn, previousIn, writeZones } from "../zone-tools/build/directory.ts";
import { type ZonePlan, planZones } from "../zone-tools/build/plan.ts";
import type { RrsetChange } from "../zone-tools/build/rrset-changes.ts";
import { loadDescription } from "../zone-tools/description/load.ts";
import { type Command, ExitStatus, UsageError, readArgs } from "./command.ts";
import { counted } from "./counted.ts";
import { paint } from "./table.ts";

/** RRsets of a zone, and unchanged zones, that are shown; more are counted. */
const MOST_SHOWN = 20;
const SIGNS = { added: paint.green("+"), removed: paint.red("-"), changed: paint.yellow("~") } as const;

export const zoneBuild: Command = {
  name: "zone build",
  summary: "make zone files from a description",
  help: `Usage: drtm zone build FILE.yaml --out DIRECTORY [--dry-run] [--json]

Makes the zone files of a registry and of DSOCs from a description (docs/zones.md). What is in the directory from the time
before is compared: a zone whose records are the same keeps its serial, and a file that is the same is not touched. Each
file is replaced in one step. Files of zones that the description no longer has are named, and left.

  -o, --out DIRECTORY  where the zone files are, or go: one for each zone, named after it
  -n, --dry-run        say what would change, and write nothing
  --json               one JSON object for each zone

Exit status: 0 done, 2 wrong usage or description, or a file that cannot be written.

Example: drtm zone build zones/world.yaml --out zones --dry-run`,
  run: async (args) => {
    const { values, positionals } = readArgs("zone build", args, {
      out: { type: "string", short: "o" },
      "dry-run": { type: "boolean", short: "n", default: false },
      json: { type: "boolean", default: false },
    });
    const [file, ...more] = positionals;
    if (file === undefined || more.length > 0) throw new UsageError("drtm zone build takes one description (see: drtm zone build --help)");
    if (values.out === undefined || values.out === "") throw new UsageError("drtm zone build needs --out DIRECTORY (see: drtm zone build --help)");
    if (statSync(values.out, { throwIfNoEntry: false })?.isDirectory() === false) throw new UsageError(`--out ${values.out} is a file: name the directory that the zone files are in, or go to`);
    const description = loadDescription(file);
    const plans = planZones(description, previousIn(values.out), Date.now() / 1000);
    if (!values["dry-run"]) writeZones(values.out, plans);
    if (values.json) for (const plan of plans) console.log(json(plan));
    else printReport(plans, values.out, values["dry-run"]);
    for (const path of leftIn(values.out, plans, description.name)) console.error(`${path}: a zone that ${description.name} no longer has: remove it here and at the name servers, or describe it again`);
    return ExitStatus.answered;
  },
};

function json({ apex, fileName, state, serialBefore, serial, changes }: ZonePlan): string {
  return JSON.stringify({ apex, file: fileName, state, serialBefore: serialBefore ?? null, serial, changes });
}

/** Unchanged zones are counted where there are many, so that the others are seen. */
function printReport(plans: readonly ZonePlan[], directory: string, isDry: boolean): void {
  const unchanged = plans.filter(({ state }) => state === "unchanged").length;
  const shown = unchanged > MOST_SHOWN ? plans.filter(({ state }) => state !== "unchanged") : plans;
  for (const plan of shown) console.log(report(plan, join(directory, plan.fileName), isDry));
  if (shown.length < plans.length) console.log(`${counted(unchanged, "zone")} unchanged`);
}

function report(plan: ZonePlan, path: string, isDry: boolean): string {
  const lines = plan.changes.slice(0, MOST_SHOWN).map(({ change, name, type }) => `  ${SIGNS[change]} ${name} ${type}`);
  const hidden = plan.changes.length - lines.length;
  const details = plan.state === "new" ? [] : [...lines, ...(hidden > 0 ? [`  and ${hidden.toLocaleString("en")} more`] : [])];
  return [`${paint.bold(path)}: ${outcome(plan, isDry)}`, ...details].join("\n");
}

function outcome({ state, serialBefore, serial, changes }: ZonePlan, isDry: boolean): string {
  const would = isDry ? "would be " : "";
  switch (state) {
    case "new":
      return `${would}made, serial ${serial}, ${rrsets(changes)}`;
    case "changed":
      return `${isDry ? "would change" : "changed"}, serial ${serialBefore} to ${serial}, ${rrsets(changes)}`;
    case "comments":
      return `${would}written again for its comments, serial ${serial} as before`;
    case "unchanged":
      return `unchanged, serial ${serial}`;
  }
}

function rrsets(changes: readonly RrsetChange[]): string {
  return counted(changes.length, "RRset");
}
