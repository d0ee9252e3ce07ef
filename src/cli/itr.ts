import { formatIp } from "../address/index.ts";
import { ItrClient, ItrError, type ItrMapping } from "../itr/index.ts";
import { DEFAULT_PORT, readAddress, readEndpoint } from "./arguments.ts";
import { type Command, ExitStatus, UsageError, readArgs } from "./command.ts";
import { stopSignal, untilStopped } from "./stop-signal.ts";
import { clockTime, paint } from "./table.ts";

export const itr: Command = {
  name: "itr",
  summary: "keep addresses resolved as an ITR does, and print every change",
  help: `Usage: drtm itr ADDRESS... [--server ADDRESS[:PORT]]... [--json]

Asks the nearest of the servers given (QSRs, QSCs or QSAs) for the mapping of addresses, keeps it in its cache, hears of
changes, fails over, and prints a line whenever what packets to an address are to do has changed. Ctrl-C stops it.

  -s, --server ADDRESS[:PORT]  a server to ask; may be given several times (default 127.0.0.1:${DEFAULT_PORT})
  --json                       one JSON object for each change

Exit status: 0 stopped, 2 wrong usage.

Example: drtm itr 192.0.2.7 2001:db8::1 --server 198.51.100.1 --server 198.51.100.2`,
  run: async (args) => {
    const { values, positionals } = readArgs("itr", args, {
      server: { type: "string", short: "s", multiple: true, default: [`127.0.0.1:${DEFAULT_PORT}`] },
      json: { type: "boolean", default: false },
    });
    if (positionals.length === 0) throw new UsageError("drtm itr needs an address (see: drtm itr --help)");
    const addresses = positionals.map(readAddress);
    const servers = values.server.map((text) => readEndpoint("--server", text, DEFAULT_PORT));
    const stop = stopSignal();
    const client = await ItrClient.open({ servers });
    const print = values.json ? printJson : printLine;
    for (const address of addresses) {
      client.watch(address, (mapping) => {
        print(formatIp(address), mapping);
      });
    }
    await untilStopped(stop);
    await client.close();
    return ExitStatus.answered;
  },
};

function printLine(address: string, mapping: ItrMapping | ItrError): void {
  console.log(`${paint.dim(clockTime(new Date()))}  ${paint.bold(address)}  ${outcome(mapping)}`);
}

function outcome(mapping: ItrMapping | ItrError): string {
  if (mapping instanceof ItrError) return paint.red(mapping.message.replace(/^\S+: /, ""));
  if (mapping.etr !== null) return `${isDrop(mapping.etr) ? paint.yellow("drop") : `ETR ${paint.green(mapping.etr)}`}  micronet ${mapping.range}`;
  return mapping.mab === null ? `${paint.yellow("in no MAB")}  gap ${mapping.range}` : `${paint.yellow("no micronet")}  gap ${mapping.range} in MAB ${mapping.mab}`;
}

function isDrop(etr: string): boolean {
  return etr === "0.0.0.0" || etr === "::";
}

function printJson(address: string, mapping: ItrMapping | ItrError): void {
  const time = new Date().toISOString();
  const error = mapping instanceof ItrError ? mapping.message : null;
  const { range, etr, mab, version } = mapping instanceof ItrError ? { range: null, etr: null, mab: null, version: null } : mapping;
  console.log(JSON.stringify({ time, address, etr, range, mab, version, error }));
}
