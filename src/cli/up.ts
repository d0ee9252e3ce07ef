import { fileURLToPath } from "node:url";
import { defaultControlSocket } from "../io/control-place.ts";
import { makeLog } from "../io/log.ts";
import { upstreamReports } from "../roles/control-routes.ts";
import { exampleMicronet } from "../roles/example-micronet.ts";
import { type UpOptions, type UpWorld, startWorld } from "../roles/up.ts";
import { readEndpoint } from "./arguments.ts";
import { type Command, ExitStatus, UsageError, readArgs } from "./command.ts";
import { counted } from "./counted.ts";
import { LiveLine } from "./live-line.ts";
import { qsaTable } from "./qsa-table.ts";
import { stopSignal, untilStopped } from "./stop-signal.ts";
import { paint } from "./table.ts";

const ZONES = fileURLToPath(new URL("../../zones", import.meta.url));
const PORT = 4344;
const DNS_PORT = 5300;
const LISTEN = `127.0.0.1:${PORT}`;
const DNS = `127.0.0.1:${DNS_PORT}`;
/** In documentation space: nobody's. */
const EXAMPLE_ETR = "203.0.113.7";
const REFRESH_MS = 1_000;

export const up: Command = {
  name: "up",
  summary: "run the whole system on this machine: DNS, QSAs and a QSR",
  help: `Usage: drtm up [--zones DIR] [--listen ADDRESS:PORT] [--dns ADDRESS:PORT] [--socket PATH]

Runs, in one process, an authoritative DNS serving the zone files of DIR, the QSAs they name (on loopback addresses,
each as far away as its LOC record says), and a QSR that discovers and measures them. Ctrl-C stops it.

  --zones DIR            zone files (*.zone), with mapping/*.txt beside them (default: the sample world)
  --listen ADDRESS:PORT  the QSR (default ${LISTEN})
  --dns ADDRESS:PORT     the DNS (default ${DNS})
  --socket PATH          control socket (default ${defaultControlSocket()})

Exit status: 0 stopped, 2 wrong usage or zones, or an address that is taken.

Example: drtm up`,
  run: async (args) => {
    const { values, positionals } = readArgs("up", args, {
      zones: { type: "string", default: ZONES },
      listen: { type: "string", default: LISTEN },
      dns: { type: "string", default: DNS },
      socket: { type: "string", default: defaultControlSocket() },
    });
    if (positionals.length > 0) throw new UsageError(`drtm up takes no "${positionals[0]}" (see: drtm up --help)`);
    const options: UpOptions = {
      zones: values.zones,
      listen: readEndpoint("--listen", values.listen, PORT),
      dns: readEndpoint("--dns", values.dns, DNS_PORT),
      controlSocket: values.socket,
    };
    const stop = stopSignal();
    const line = new LiveLine(process.stdout);
    const started = performance.now();
    const world = await startWorld(options, makeLog({ level: "warn", format: "auto" }, () => { line.clear(); }));
    if (!stop.aborted) console.log(await firstScreen(world, values.socket, (performance.now() - started) / 1000));
    const ticker = setInterval(() => void showCounters(line, world), REFRESH_MS);
    const end = await Promise.race([untilStopped(stop), world.failed]);
    clearInterval(ticker);
    await world.close();
    line.clear();
    if (end instanceof Error) throw end;
    console.log("stopped");
    return ExitStatus.answered;
  },
};

async function firstScreen(world: UpWorld, socket: string, seconds: number): Promise<string> {
  const { listen, catalogue: { mabs, sets, services, qsas } } = await world.node.status("up");
  const cities = new Map(world.sites.map(({ world: site }) => [site.name, site.city]));
  const server = listen[0]!;
  const atServer = server === LISTEN ? "" : ` --server ${server}`;
  const atSocket = socket === defaultControlSocket() ? "" : ` --socket ${socket}`;
  return `${paint.bold("drtm up")}: a QSR on ${paint.cyan(server)}, in ${world.home}; DNS on ${paint.cyan(world.dnsEndpoint)}
Found in DNS: ${counted(mabs, "MAB")} in ${counted(sets, "set")}, ${counted(services, "service")}, ${counted(qsas, "QSA")}. Ready after ${seconds.toFixed(1)} s.

${qsaTable(await upstreamReports(world.node.engine.host), cities)}

${suggestions(world, atServer, atSocket)}Ctrl-C stops it.`;
}

/** Commands to go on with: about an address and a site that this world has. */
function suggestions({ sites }: UpWorld, atServer: string, atSocket: string): string {
  const [ipv4, ipv6] = ([4, 6] as const).map((family) => exampleMicronet(family, sites));
  const micronet = ipv4 ?? ipv6;
  if (micronet === undefined) return "";
  const addresses = [ipv4, ipv6].flatMap((example) => (example === undefined ? [] : [example.address])).join(" ");
  const commands = [
    `query ${addresses} --trace${atServer}`,
    `ctl site down ${micronet.site}${atSocket}`,
    `ctl map set ${micronet.range} --etr ${EXAMPLE_ETR}${atSocket}`,
  ];
  return `Try, in another shell, in the same directory:\n${commands.map((command) => `  ${paint.cyan(`npx drtm ${command}`)}\n`).join("")}\n`;
}

async function showCounters(line: LiveLine, { node }: UpWorld): Promise<void> {
  const { counters, upstreams } = await node.status("up");
  const shown = [
    `queries ${counters["requests"]}`,
    `from cache ${counters["hits"]}`,
    `asked ${counters["requestsSent"]}`,
    `probes ${counters["probesSent"]}`,
    `updates ${counters["updates"]}`,
    `QSAs up ${upstreams.up}/${upstreams.known}`,
  ];
  line.show(shown.join("  "), paint.dim);
}
