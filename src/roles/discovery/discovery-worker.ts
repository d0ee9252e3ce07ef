/** The thread that discovery runs in: takes messages of the control thread to the host, and the host's to it. */
import { parentPort } from "node:worker_threads";
import { DiscoveryHost } from "./discovery-host.ts";
import type { DiscoverySettings, FromDiscovery, ToDiscovery } from "./messages.ts";

const port = parentPort!;
/** Undefined when it cannot work as configured. */
let opened: Promise<DiscoveryHost | undefined> = Promise.resolve(undefined);

port.on("message", (message: ToDiscovery) => {
  if (message.type === "open") opened = open(message.settings);
  else void opened.then((host) => (host === undefined ? undefined : take(host, message)));
});

async function open(settings: DiscoverySettings): Promise<DiscoveryHost | undefined> {
  try {
    const host = await DiscoveryHost.open(settings, tell);
    tell({ type: "ready" });
    return host;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // Errors of this software's have a code and say all; any other is a bug.
    if (code === undefined) throw error;
    tell({ type: "refused", code, message });
    port.close();
    return undefined;
  }
}

function take(host: DiscoveryHost, message: Exclude<ToDiscovery, { type: "open" }>): void {
  switch (message.type) {
    case "start":
      return void host.start(message.inUse);
    case "recheck":
      return host.recheck(message.service);
    case "adopted":
      return host.adopted(message.number);
    case "close":
      return void end(host);
  }
}

async function end(host: DiscoveryHost): Promise<void> {
  await host.close();
  port.close();
}

function tell(message: FromDiscovery): void {
  port.postMessage(message);
}
