import { type IpAddress, type Range, compareKeys, formatIp, formatPrefix, formatRange, parseIp, parseRange, unmapped } from "../address/index.ts";
import type { ChangeReport } from "../core/mapping/mapping-store.ts";
import { type ControlHandler, ControlError } from "../io/control-socket.ts";
import { readEtr } from "./etr.ts";
import type { QsrNode } from "./qsr-node.ts";
import { qsaReports, whyReport } from "./qsr-reports.ts";
import type { MapReport, StatusReport } from "./reports.ts";

export type Routes = Readonly<Record<string, ControlHandler>>;

const ROLE_NAMES = { qsr: "a QSR", qsa: "a QSA", up: '"drtm up"' } as const;

/** Which roles offer what only some do, for those who ask another one. */
const OFFERED_BY: Readonly<Record<string, string>> = {
  "GET /qsas": '"qsas" works on a QSR or "drtm up"',
  "GET /why": '"why" works on a QSR or "drtm up"',
  "POST /map": '"map set" and "map unset" work on a QSA or "drtm up"',
  "POST /site": '"site up" and "site down" work on "drtm up"',
};

/** The routes of a role, with an answer that says where to go for those that it does not offer. */
export function routesOf(role: StatusReport["role"], socket: string, offered: Routes): Routes {
  const refusals = Object.entries(OFFERED_BY).map(([route, offer]) => {
    const refuse: ControlHandler = () => {
      throw new ControlError(404, `this is ${ROLE_NAMES[role]} (control socket ${socket}): ${offer}; name its socket with --socket`);
    };
    return [route, refuse] as const;
  });
  return { ...Object.fromEntries(refusals), ...offered };
}

/** What a QSR tells about its choices. */
export function qsrRoutes(node: QsrNode, status: () => StatusReport): Routes {
  return {
    "GET /status": status,
    "GET /qsas": () => qsaReports(node.engine),
    "GET /why": (parameters) => whyReport(node.engine, unmapped(parseIp(text(parameters.get("address"), "address")))),
  };
}

/** What a change did, and which QSAs have it; those that are down have it when they come back. */
export interface AppliedChange {
  readonly report: ChangeReport;
  readonly qsas: readonly string[];
  readonly down: readonly string[];
}

/** Mapping changes; `apply` makes one. */
export function mapRoutes(apply: (range: Range, etr: IpAddress | null) => AppliedChange): Routes {
  return {
    "POST /map": (_parameters, body): MapReport => {
      const etr = body["etr"] === null ? null : readEtr(text(body["etr"], "etr"));
      const { report, qsas, down } = apply(parseRange(text(body["range"], "range")), etr);
      const inOrder = report.changes.toSorted((a, b) => compareKeys(a.range.first.hi, a.range.first.lo, b.range.first.hi, b.range.first.lo));
      const changes = inOrder.map((change) => ({
        range: formatRange(change.range),
        etr: change.etr === null ? null : formatIp(change.etr),
        version: change.version,
      }));
      return { mab: formatPrefix(report.mab), changes, qsas, down };
    },
  };
}

export function text(value: unknown, field: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw new ControlError(400, `the request lacks "${field}"`);
}
