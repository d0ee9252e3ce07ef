import type { QsaReport } from "../roles/reports.ts";
import { formatTable, paint } from "./table.ts";

/** All QSAs, service by service, best first. `notes` has a word for a QSA, by its short name. */
export function qsaTable(qsas: readonly QsaReport[], notes: ReadonlyMap<string, string> = new Map()): string {
  const head = ["SERVICE", "RANK", "QSA", ...(notes.size > 0 ? ["CITY"] : []), "ADDRESS", "TIER", "RTT", "STATE"].map(paint.dim);
  let service = "";
  const rows = qsas.map((qsa) => {
    const first = qsa.service === service ? "" : qsa.service;
    service = qsa.service;
    const endpoint = qsa.address.includes(":") ? `[${qsa.address}]:${qsa.port}` : `${qsa.address}:${qsa.port}`;
    // A QSC's upstreams have no names but their endpoints.
    const name = qsa.name === endpoint ? "-" : qsa.name.split(".")[0]!;
    return [first, rank(qsa), paint.bold(name), ...(notes.size > 0 ? [notes.get(name) ?? ""] : []), endpoint, String(qsa.tier), rtt(qsa), state(qsa)];
  });
  return formatTable([head, ...rows], ["left", "right", "left", ...(notes.size > 0 ? (["left"] as const) : []), "left", "right", "right", "left"]);
}

function rank({ rank: place }: QsaReport): string {
  if (place === null) return "-";
  return place === 1 ? paint.green("1") : String(place);
}

function rtt({ rttMs }: QsaReport): string {
  return rttMs === null ? "-" : `${rttMs.toFixed(1)} ms`;
}

function state({ state: name, share }: QsaReport): string {
  const wish = share === null ? "" : paint.yellow(` (keeps ${share} %)`);
  return `${colourOf(name)}${wish}`;
}

function colourOf(name: QsaReport["state"]): string {
  return name === "up" ? paint.green(name) : name === "down" ? paint.red(name) : paint.yellow(name);
}
