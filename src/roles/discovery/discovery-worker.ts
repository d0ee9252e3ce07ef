/** The thread that discovery runs in: takes messages of the query thread to the host, and the host's to it. */
import { parentPort, workerData } from "node:worker_threads";
import { DiscoveryHost } from "./discovery-host.ts";
import type { FromDiscovery, ToDiscovery, WorkerData } from "./messages.ts";

const port = parentPort!;
const { settings } = workerData as WorkerData;


try {
  serve(await DiscoveryHost.open(settings, tell));
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  // Errors of this software's have a code and say all; any other is a bug.
  if (code === undefined) throw error;
  tell({ type: "refused", code, message });
  port.close();
}

function serve(host: DiscoveryHost): void {
  port.on("message", (message: ToDiscovery) => {
    switch (message.type) {
      case "start":
        return void host.start(message.inUse);
      case "recheck":
        return host.recheck(message.service);
      case "close":
        return void end(host);
    }
  });
  tell({ type: "ready" });
}

async function end(host: DiscoveryHost): Promise<void> {
  await host.close();
  port.close();
}

function tell(message: FromDiscovery): void {
  port.postMessage(message);
}
