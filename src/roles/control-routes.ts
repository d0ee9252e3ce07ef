import { type IpAddress, type Range, compareKeys, formatIp, formatPrefix, formatRange, parseIp, parseRange, unmapped } from "../address/index.ts";
import type { ChangeReport } from "../core/mapping/mapping-store.ts";
import type { Qsa } from "../core/qsa.ts";
import type { Qsc } from "../core/qsc.ts";
import type { Qsr } from "../core/qsr.ts";
import { now } from "../io/clock.ts";
import { ControlError } from "../io/control-place.ts";
import type { ControlHandler } from "../io/control-socket.ts";
import type { UdpDriver } from "../io/udp-driver.ts";
import type { LoadShift } from "../wire/index.ts";
import { readEtr } from "./etr.ts";
import type { QsrNode } from "./qsr-node.ts";
import { whyReport } from "./qsr-reports.ts";
import type { FlushReport, MapReport, ShareReport, StatusReport } from "./reports.ts";
import { upstreamReports } from "./upstream-reports.ts";

export type Routes = Readonly<Record<string, ControlHandler>>;

const ROLE_NAMES = { qsr: "a QSR", qsa: "a QSA", qsc: "a QSC", up: '"drtm up"' } as const;

/** Which roles offer what only some do, for those who ask another one. */
const OFFERED_BY: Readonly<Record<string, string>> = {
  "GET /qsas": '"qsas" works on a QSR, a QSC or "drtm up"',
  "GET /why": '"why" works on a QSR or "drtm up"',
  "POST /map": '"map set" and "map unset" work on a QSA or "drtm up"',
  "POST /share": '"share" works on a QSA',
  "POST /flush": '"flush" works on a QSR, a QSC or "drtm up"',
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

/** What every server with a cache and upstreams tells, and lets be done to it. */
export function cachingRoutes(engine: Qsr | Qsc, driver: UdpDriver, status: () => StatusReport): Routes {
  return {
    "GET /status": status,
    "GET /qsas": () => upstreamReports(engine.querier),
    "POST /flush": (_parameters, body): FlushReport => {
      const range = body["range"] === null ? undefined : parseRange(text(body["range"], "range"));
      const entries = engine.flush(now(), range);
      driver.wake();
      return { entries };
    },
  };
}

/** The load that a QSA asks its queriers to keep with it. */
export function shareRoutes(engine: Qsa): Routes {
  return {
    "POST /share": (_parameters, body): ShareReport => {
      const time = now();
      if (body["share"] !== undefined) engine.server.shift.set(time, readShift(body));
      const offered = engine.server.shift.current(time);
      if (offered === undefined) return { share: 100, remainingSeconds: 0, alternatives: [] };
      const alternatives = offered.shift.alternatives.map((alternative) => (typeof alternative === "string" ? alternative : formatIp(alternative)));
      return { share: offered.shift.share, remainingSeconds: Math.ceil(offered.remainingMs / 1000), alternatives };
    },
  };
}

function readShift({ share, holdSeconds, alternatives }: Readonly<Record<string, unknown>>): LoadShift {
  if (typeof share !== "number" || !Number.isInteger(share) || share < 0 || share > 100) throw new ControlError(400, "share is per cent: 0 to 100");
  if (typeof holdSeconds !== "number" || !(holdSeconds >= 1 && holdSeconds <= 3600)) throw new ControlError(400, "the hold time is 1 to 3600 seconds");
  if (!Array.isArray(alternatives) || alternatives.length > 16) throw new ControlError(400, "at most 16 alternatives can be named");
  return { share, holdMs: holdSeconds * 1000, alternatives: alternatives.map(readAlternative) };
}

/** An address, or the name that DNS gives a QSA. */
function readAlternative(value: unknown): IpAddress | string {
  const name = text(value, "alternatives");
  if (/^[\d.]+$/.test(name) || name.includes(":")) return parseIp(name);
  if (name.length > 253 || !/^([a-z0-9_-]+\.)*[a-z0-9_-]+\.?$/i.test(name)) throw new ControlError(400, `"${name.slice(0, 60)}" is neither an address nor the name of a QSA`);
  return name;
}

/** What a QSR tells about its choices. */
export function qsrRoutes(node: QsrNode, status: () => StatusReport): Routes {
  return {
    ...cachingRoutes(node.engine, node.driver, status),
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
