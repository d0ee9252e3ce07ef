import { type IpAddress, type Range, formatPrefix, formatRange, formatIp, parseIp, parseRange } from "../address/index.ts";
import type { ChangeReport } from "../core/mapping/mapping-store.ts";
import { type ControlHandler, ControlError } from "../io/control-socket.ts";
import type { QsrNode } from "./qsr-node.ts";
import { qsaReports, whyReport } from "./qsr-reports.ts";
import type { MapReport, StatusReport } from "./reports.ts";

type Routes = Readonly<Record<string, ControlHandler>>;

/** What a QSR tells about its choices. */
export function qsrRoutes(node: QsrNode, status: () => StatusReport): Routes {
  return {
    "GET /status": status,
    "GET /qsas": () => qsaReports(node.engine),
    "GET /why": (parameters) => whyReport(node.engine, parseIp(text(parameters.get("address"), "address"))),
  };
}

/** Mapping changes; `apply` makes one and tells which QSAs have it. */
export function mapRoutes(apply: (range: Range, etr: IpAddress | null) => { report: ChangeReport; qsas: string[] }): Routes {
  return {
    "POST /map": (_parameters, body): MapReport => {
      const etr = body["etr"] === null ? null : parseIp(text(body["etr"], "etr"));
      const { report, qsas } = apply(parseRange(text(body["range"], "range")), etr);
      const changes = report.changes.map((change) => ({
        range: formatRange(change.range),
        etr: change.etr === null ? null : formatIp(change.etr),
        version: change.version,
      }));
      return { mab: formatPrefix(report.mab), changes, qsas };
    },
  };
}

export function text(value: unknown, field: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw new ControlError(400, `the request lacks "${field}"`);
}
