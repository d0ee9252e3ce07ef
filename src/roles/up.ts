import { type IpAddress, type Range, formatEndpoint, formatIp, formatRange } from "../address/index.ts";
import type { Endpoint } from "../config/fields.ts";
import { type QsrConfig, qsaSchema, qsrSchema } from "../config/schema.ts";
import { ControlError } from "../io/control-error.ts";
import { serveControl } from "../io/control-socket.ts";
import { DnsServer } from "../io/dns-server.ts";
import { LISTEN_ERROR, ListenError } from "../io/listen-error.ts";
import type { Logger } from "../io/log.ts";
import { type AppliedChange, type Routes, mapRoutes, qsrRoutes, routesOf, text } from "./control-routes.ts";
import { type Place, estimatedRttMs } from "./distance.ts";
import { QsrNode } from "./qsr-node.ts";
import type { SiteReport } from "./reports.ts";
import type { Running } from "./running.ts";
import { Site } from "./site.ts";
import { readWorld } from "./world.ts";

export interface UpOptions {
  readonly zones: string;
  /** Where the embedded DNS listens. */
  readonly dns: Endpoint;
  /** Where the QSR listens. */
  readonly listen: Endpoint;
  readonly controlSocket: string;
}

/** Where the QSR stands in the imitated world. */
const HOME: Place & { readonly city: string } = { city: "Frankfurt", latitude: 50.11, longitude: 8.68 };
const PATIENCE_MS = 1_500;
const LOOK_AGAIN_MS = 10;

type Part = Pick<Running, "close">;

/** The whole system in this process: DNS, QSAs and a QSR, with everything measured. */
export class UpWorld implements Running {
  readonly node: QsrNode;
  readonly sites: readonly Site[];
  readonly home = HOME.city;
  readonly dnsEndpoint: string;
  readonly #parts: readonly Part[];

  constructor(node: QsrNode, sites: readonly Site[], dnsEndpoint: string, parts: readonly Part[]) {
    this.node = node;
    this.sites = sites;
    this.dnsEndpoint = dnsEndpoint;
    this.#parts = parts;
  }

  get failed(): Promise<Error> {
    return this.node.engine.failed;
  }

  close(): Promise<void> {
    return closeAll(this.#parts);
  }
}

/** Starts everything, and waits until the QSAs are measured. Throws what keeps it from starting, with nothing left running. */
export async function startWorld(options: UpOptions, log: Logger): Promise<UpWorld> {
  const started: Part[] = [];
  try {
    return await startAll(options, log, started);
  } catch (error) {
    await closeAll(started);
    throw error;
  }
}

async function startAll(options: UpOptions, log: Logger, started: Part[]): Promise<UpWorld> {
  const world = readWorld(options.zones);
  const dns = new DnsServer(world.zones);
  const dnsPort = await opening("--dns names another", dns.listen(formatIp(options.dns.address), options.dns.port));
  started.push(dns);
  const sites = world.sites.map((site) => new Site(site, site.place === undefined ? 0 : estimatedRttMs(HOME, site.place), QSA_OPTIONS));
  started.push({ close: () => closeAll(sites.map((site) => ({ close: () => site.down() }))) });
  await startSites(sites);
  const dnsEndpoint = formatEndpoint(options.dns.address, dnsPort);
  const node = await opening("--listen names another", QsrNode.open(qsrConfig(options, dnsEndpoint, world.registries), log));
  started.push(node);
  const up = new UpWorld(node, sites, dnsEndpoint, started);
  started.push(await serveControl(options.controlSocket, routesOf("up", options.controlSocket, routes(up))));
  await node.discover();
  await untilMeasured(node);
  return up;
}

/** Waits for all, so that one that fails leaves no other half open. */
async function startSites(sites: readonly Site[]): Promise<void> {
  const outcomes = await Promise.allSettled(sites.map((site) => opening(`${site.world.name} of the zones: another "drtm up" probably runs`, site.up())));
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
}

/** Adds to a ListenError, of this thread or another, where the address and port come from. */
async function opening<T>(origin: string, opened: Promise<T>): Promise<T> {
  try {
    return await opened;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== LISTEN_ERROR) throw error;
    throw new ListenError(`${message} (${origin})`, { cause: error });
  }
}

/** The options of a QSA's file, with their defaults. */
const QSA_OPTIONS = qsaSchema.parse({ role: "qsa", mapping: ["unused"], cache: { maxEntries: 32_768, maxPromises: 32_768, maxPeers: 4096 } });

function qsrConfig({ listen }: UpOptions, dnsEndpoint: string, registries: readonly string[]): QsrConfig {
  return qsrSchema.parse({
    role: "qsr",
    listen: [formatEndpoint(listen.address, listen.port)],
    dns: { servers: [dnsEndpoint], registries: registries.map((apex) => ({ apex })) },
    qsas: { allowLoopback: true },
  });
}

function routes(up: UpWorld): Routes {
  return {
    "GET /status": () => up.node.status("up"),
    ...qsrRoutes(up.node.engine.host),
    ...mapRoutes((range, etr) => changeMapping(up.sites, range, etr)),
    "POST /site": async (_parameters, body): Promise<SiteReport> => {
      const site = siteNamed(up.sites, text(body["name"], "name"));
      await (body["up"] === true ? site.up() : site.down());
      return { name: site.world.name, up: site.isUp, address: site.endpoint, noticedAfterMs: await untilNoticed(up.node, site) };
    },
  };
}

function siteNamed(sites: readonly Site[], name: string): Site {
  const site = sites.find(({ world }) => world.name === name);
  if (site === undefined) throw new ControlError(404, `there is no site ${name}; there are ${sites.map(({ world }) => world.name).join(", ")}`);
  return site;
}

/** All sites of a DSOC share its store, as they would by its feed: one change, and each tells its own queriers. */
function changeMapping(sites: readonly Site[], range: Range, etr: IpAddress | null): AppliedChange {
  const store = sites.map(({ world }) => world.store).find((candidate) => candidate.serves(range.family, range.first));
  if (store === undefined) throw new ControlError(400, `${formatRange(range)} begins in no MAB of these sites`);
  const report = store.change(range, etr);
  const told = sites.filter(({ world }) => world.store === store);
  for (const site of told) site.noteChange(report);
  const names = (isUp: boolean): string[] => told.filter((site) => site.isUp === isUp).map(({ world }) => world.name);
  return { report, qsas: names(true), down: names(false) };
}

async function untilMeasured({ engine }: QsrNode): Promise<void> {
  await until(async () => (await engine.host.status()).upstreams.unmeasured === 0);
}

/** Has the QSR measure a site at once, where its next turn may be a minute away; milliseconds until it has seen the change. */
async function untilNoticed({ engine }: QsrNode, { endpoint, isUp }: Site): Promise<number | null> {
  const started = performance.now();
  if ((await engine.host.stateOf(endpoint)) === undefined) return null;
  await engine.host.probe(endpoint);
  const wanted = isUp ? "up" : "down";
  return (await until(async () => (await engine.host.stateOf(endpoint)) === wanted)) ? Math.round(performance.now() - started) : null;
}

/** Waits for a condition, for a short while; false when it has not come true. */
async function until(condition: () => Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) return false;
    await new Promise((done) => {
      setTimeout(done, LOOK_AGAIN_MS);
    });
  }
  return true;
}

async function closeAll(parts: readonly Part[]): Promise<void> {
  for (const part of [...parts].toReversed()) await part.close();
}
