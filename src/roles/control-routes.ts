import { type IpAddress, type Range, compareKeys, formatIp, formatPrefix, formatRange, parseIp, parseRange } from "../address/index.ts";
import type { ChangeReport } from "../core/mapping/mapping-store.ts";
import { ControlError } from "../io/control-error.ts";
import type { ControlHandler } from "../io/control-socket.ts";
import type { LoadShift } from "../wire/index.ts";
import type { Remote } from "./engine/engine-thread.ts";
import type { QsaHost } from "./engine/qsa-host.ts";
import type { QscHost } from "./engine/qsc-host.ts";
import type { QsrHost } from "./engine/qsr-host.ts";
import { readEtr } from "./etr.ts";
import type { FlushReport, MapReport, QsaReport, StatusReport } from "./reports.ts";

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

/** A server with a cache and upstreams, in its thread. */
type QuerierRemote = Pick<Remote<QscHost>, "qsas" | "flush">;

/** What every server with a cache and upstreams tells, and lets be done to it. */
export function cachingRoutes(host: QuerierRemote): Routes {
  return {
    "GET /qsas": () => upstreamReports(host),
    "POST /flush": async (_parameters, body): Promise<FlushReport> => {
      return { entries: await host.flush(body["range"] === null ? null : text(body["range"], "range")) };
    },
  };
}

/** All servers of all services, best first within each. */
export async function upstreamReports(host: QuerierRemote): Promise<QsaReport[]> {
  const reports: QsaReport[] = [];
  for (let service = 0; ; service++) {
    const ofService = await host.qsas(service);
    if (ofService === undefined) return reports;
    reports.push(...ofService);
  }
}

/** The load that a QSA asks its queriers to keep with it. */
export function shareRoutes(host: Remote<QsaHost>): Routes {
  return {
    "POST /share": async (_parameters, body) => {
      if (body["share"] !== undefined) await host.setShare(readShift(body));
      return host.share();
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
export function qsrRoutes(host: Remote<QsrHost>): Routes {
  return { ...cachingRoutes(host), "GET /why": (parameters) => host.why(text(parameters.get("address"), "address")) };
}

/** What a change did, and which QSAs have it; those that are down have it when they come back. */
export interface AppliedChange {
  readonly report: ChangeReport;
  readonly qsas: readonly string[];
  readonly down: readonly string[];
}

/** Mapping changes; `apply` makes one. */
export function mapRoutes(apply: (range: Range, etr: IpAddress | null) => AppliedChange | Promise<AppliedChange>): Routes {
  return {
    "POST /map": async (_parameters, body): Promise<MapReport> => {
      const etr = body["etr"] === null ? null : readEtr(text(body["etr"], "etr"));
      const { report, qsas, down } = await apply(parseRange(text(body["range"], "range")), etr);
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
