import { fileURLToPath } from "node:url";
import { defaultControlSocket } from "../io/control-socket.ts";
import { makeLog } from "../io/log.ts";
import { catalogueReport, qsaReports, usableQsas } from "../roles/qsr-reports.ts";
import { counters } from "../roles/status.ts";
import { type UpWorld, startWorld } from "../roles/up.ts";
import { type Command, ExitStatus, UsageError, readArgs } from "./command.ts";
import { qsaTable } from "./qsa-table.ts";
import { stopSignal } from "./stop-signal.ts";
import { paint } from "./table.ts";

const ZONES = fileURLToPath(new URL("../../zones", import.meta.url));
const LISTEN = "127.0.0.1:4344";
const DNS = "127.0.0.1:5300";
const REFRESH_MS = 1_000;

export const up: Command = {
  name: "up",
  summary: "run the whole system on this machine: DNS, QSAs and a QSR",
  help: `Usage: drtm up [--zones DIR] [--listen HOST:PORT] [--dns HOST:PORT] [--socket PATH]

Runs, in one process, an authoritative DNS serving the zone files of DIR, the QSAs they name (on loopback addresses,
each as far away as its LOC record says), and a QSR that discovers and measures them. Ctrl-C stops it.

  --zones DIR         zone files (*.zone), with mapping/*.txt beside them (default: the sample world)
  --listen HOST:PORT  the QSR (default ${LISTEN})
  --dns HOST:PORT     the DNS (default ${DNS})
  --socket PATH       control socket (default ${defaultControlSocket()})

Example: drtm up`,
  run: async (args) => {
    const { values, positionals } = readArgs("up", args, {
      zones: { type: "string", default: ZONES },
      listen: { type: "string", default: LISTEN },
      dns: { type: "string", default: DNS },
      socket: { type: "string", default: defaultControlSocket() },
    });
    if (positionals.length > 0) throw new UsageError(`drtm up takes no "${positionals[0]}" (see: drtm up --help)`);
    const started = performance.now();
    const world = await startWorld({ ...values, controlSocket: values.socket }, makeLog({ level: "warn", format: "auto" }));
    const stop = stopSignal();
    console.log(firstScreen(world, values.socket, (performance.now() - started) / 1000));
    const ticker = showCounters(world);
    await stop;
    clearInterval(ticker);
    process.stdout.write(process.stdout.isTTY ? "\r\u001b[Kstopped\n" : "stopped\n");
    await world.close();
    return ExitStatus.answered;
  },
};

function firstScreen(world: UpWorld, socket: string, seconds: number): string {
  const { engine, driver } = world.node;
  const { mabs, sets, services, qsas } = catalogueReport(world.node);
  const cities = new Map(world.sites.map(({ world: site }) => [site.name, site.city]));
  const server = driver.endpoint(0);
  const atServer = server === LISTEN ? "" : ` --server ${server}`;
  const atSocket = socket === defaultControlSocket() ? "" : ` --socket ${socket}`;
  return `${paint.bold("drtm up")}: a QSR on ${paint.cyan(server)}, in ${world.home}; DNS on ${paint.cyan(world.dnsEndpoint)}
Found in DNS: ${mabs.toLocaleString("en")} MABs in ${sets} sets, ${services} services, ${qsas} QSAs. Ready after ${seconds.toFixed(1)} s.

${qsaTable(qsaReports(engine), cities)}

Try, in another shell:
  ${paint.cyan(`npx drtm query 192.0.2.7 2001:db8::1 --trace${atServer}`)}
  ${paint.cyan(`npx drtm ctl site down fra1${atSocket}`)}
  ${paint.cyan(`npx drtm ctl map set 192.0.2.0-192.0.2.99 --etr 203.0.113.7${atSocket}`)}

Ctrl-C stops it.`;
}

/** Live counters on one line of a terminal. */
function showCounters(world: UpWorld): NodeJS.Timeout {
  return setInterval(() => {
    if (!process.stdout.isTTY) return;
    const { engine, driver } = world.node;
    const count = counters(engine, driver);
    const line = [
      `queries ${count["requests"]}`,
      `from cache ${count["hits"]}`,
      `asked ${count["requestsSent"]}`,
      `probes ${count["probesSent"]}`,
      `updates ${count["updates"]}`,
      `QSAs up ${usableQsas(engine)}/${engine.querier.upstreams.size}`,
    ].join("  ");
    process.stdout.write(`\r\u001b[K${paint.dim(line.slice(0, (process.stdout.columns ?? 80) - 1))}`);
  }, REFRESH_MS);
}
