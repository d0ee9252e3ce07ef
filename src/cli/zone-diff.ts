import { type Difference, type MabChange, type QsaChange, type SerialChange, compareSides } from "../zone-tools/diff/compare.ts";
import { type WantedZone, openFiles, openServer } from "../zone-tools/diff/open-side.ts";
import { type Qsa, type Side, type SideSource, WalkError, readSides } from "../zone-tools/diff/side.ts";
import { type Command, ExitStatus, UsageError, readArgs } from "./command.ts";
import { paint } from "./table.ts";
import { SERVER_HELP, SERVER_OPTIONS, type ServerValues, isServerProblem, readAccess, readApex, refuseServerOptions } from "./zone-server.ts";

const ENDPOINT = /^(?:\[[0-9a-f:.]+\]|\d+\.\d+\.\d+\.\d+)(?::\d+)?$|^[0-9a-f]*:[0-9a-f:.]+$/i;
const SIGNS = { added: paint.green("+"), removed: paint.red("-"), moved: paint.yellow("~"), changed: paint.yellow("~") } as const;

export const zoneDiff: Command = {
  name: "zone diff",
  summary: "compare zones, in terms of MABs and QSAs",
  help: `Usage: drtm zone diff A B [--apex NAME] [--json]

Says what is different for those who read the zones: MABs added, removed, or moved to other services; QSAs added, removed,
or changed. A and B are zone files, directories of zone files (*.zone), or servers (ADDRESS[:PORT]). Of two servers the serials
are compared too; against a file they are not, since signers raise them. How servers are read is said for both alike.

  -a, --apex NAME              the registry's or DSOC's apex at a server; where the other is a file, it is that one's
${SERVER_HELP}
  --json                       one JSON object for each difference

Exit status: 0 the same, 1 different or not readable, 2 wrong usage.

Example: drtm zone diff zones 127.0.0.1:5300`,
  run: async (args) => {
    const { values, positionals } = readArgs("zone diff", args, { ...SERVER_OPTIONS, json: { type: "boolean", default: false } });
    if (positionals.length !== 2) throw new UsageError("drtm zone diff compares two: A and B (see: drtm zone diff --help)");
    const sides = await openSides(positionals, values);
    if (sides === undefined) return ExitStatus.unanswered;
    const difference = compareSides(...sides);
    for (const service of difference.notCompared) console.error(`${service}: its zone is not on both sides, so its QSAs are not compared`);
    (values.json ? printJson : printText)(difference);
    return difference.mabs.length + difference.qsas.length + difference.serials.length === 0 ? ExitStatus.answered : ExitStatus.unanswered;
  },
};

/** Undefined, and told, where one cannot be read. */
async function openSides(places: readonly string[], values: ServerValues & { readonly apex?: string | undefined }): Promise<[Side, Side] | undefined> {
  const files = places.map((place) => (ENDPOINT.test(place) ? undefined : openFiles(place)));
  if (files.every((file) => file !== undefined)) refuseServerOptions(values);
  const wanted = wantedZones(values.apex, files.find((file) => file !== undefined));
  try {
    const open = async (place: string, index: number): Promise<SideSource> => files[index] ?? openServer(readAccess("server", place, values), wanted ?? missingApex(place));
    const sides = await readSides(...((await Promise.all(places.map(open))) as [SideSource, SideSource]));
    for (const { source, problems } of sides) for (const { name, problem } of problems) console.error(`${source}: ${name}: ${problem}`);
    return sides;
  } catch (error) {
    if (!(isServerProblem(error) || error instanceof WalkError)) throw error;
    console.error(`drtm: ${error.message}`);
    return undefined;
  }
}

/** What is named, or else what the file of the other side has: its registries, or where it has none its DSOCs. */
function wantedZones(apex: string | undefined, file: SideSource | undefined): WantedZone[] | undefined {
  if (apex !== undefined) return [{ apex: readApex(apex), isRegistry: true }];
  if (file === undefined) return undefined;
  if (file.registries.length > 0) return file.registries.map((registry) => ({ apex: registry, isRegistry: true }));
  return file.zones.map((zone) => ({ apex: zone.apex, isRegistry: false }));
}

function missingApex(place: string): never {
  throw new UsageError(`${place} is a server: name the registry's apex with --apex`);
}

function printText({ mabs, qsas, serials }: Difference): void {
  for (const change of mabs) console.log(mabLine(change));
  for (const change of qsas) console.log(qsaLine(change));
  for (const change of serials) console.log(serialLine(change));
  console.log(summary(mabs, qsas, serials));
}

function mabLine({ change, mab, before, after }: MabChange): string {
  const services = [before, after].filter((names) => names.length > 0).map((names) => names.join(", "));
  return `${SIGNS[change]} MAB ${mab}  ${services.join(" to ")}`;
}

function qsaLine({ change, before, after, fields }: QsaChange): string {
  const { name, service } = (after ?? before)!;
  const what = before !== undefined && after !== undefined ? fields.map((field) => `${LABELS[field]} ${shown(before[field])} to ${shown(after[field])}`).join(", ") : describe((after ?? before)!);
  return `${SIGNS[change]} QSA ${name} of ${service}  ${what}`;
}

function serialLine({ change, zone, before, after, behind }: SerialChange): string {
  return `${SIGNS[change]} serial of ${zone}  ${before} to ${after}${behind === undefined ? "" : `: ${behind} is behind`}`;
}

const LABELS = { endpoints: "address", tier: "tier", region: "region", weight: "weight" } as const;

function shown(value: Qsa[keyof typeof LABELS]): string {
  if (typeof value === "string") return `"${value}"`;
  return Array.isArray(value) ? value.join(" and ") : String(value);
}

function describe({ endpoints, tier, region, weight }: Qsa): string {
  return `${endpoints.join(" and ")}, tier ${tier}, weight ${weight}${region === "" ? "" : `, ${region}`}`;
}

function summary(mabs: readonly MabChange[], qsas: readonly QsaChange[], serials: readonly SerialChange[]): string {
  if (mabs.length + qsas.length + serials.length === 0) return "the same";
  const counts = [counted("MAB", mabs, ["added", "removed", "moved"]), counted("QSA", qsas, ["added", "removed", "changed"]), counted("serial", serials, ["changed"])];
  return counts.filter((text) => text !== "").join("; ");
}

/** `MABs: 3 added, 1 moved`. */
function counted(what: string, changes: readonly { readonly change: string }[], kinds: readonly string[]): string {
  const parts = kinds.flatMap((kind) => {
    const count = changes.filter(({ change }) => change === kind).length;
    return count === 0 ? [] : [`${count.toLocaleString("en")} ${kind}`];
  });
  return parts.length === 0 ? "" : `${what}s: ${parts.join(", ")}`;
}

function printJson({ mabs, qsas, serials }: Difference): void {
  for (const change of [...mabs, ...serials]) console.log(JSON.stringify(change));
  for (const { kind, change, before = null, after = null, fields } of qsas) console.log(JSON.stringify({ kind, change, before, after, fields }));
}
