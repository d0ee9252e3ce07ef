/** The thread that an engine runs in: calls the host's methods as the control thread's messages say. */
import { parentPort, workerData } from "node:worker_threads";
import { statusFor } from "../../io/control-error.ts";
import type { OpenedDriver } from "../../io/driver.ts";
import type { EngineRole, EngineWorkerData, FromEngine, ToEngine } from "./messages.ts";

/** What all hosts have; their other methods are called by name. */
interface Host {
  readonly opened: OpenedDriver;
  close(): Promise<void>;
}

interface HostClass {
  open(settings: unknown): Promise<Host>;
}

const port = parentPort!;
const { role } = workerData as EngineWorkerData;

const LOADERS: Readonly<Record<EngineRole, () => Promise<unknown>>> = {
  qsr: async () => (await import("./qsr-host.ts")).QsrHost,
  qsa: async () => (await import("./qsa-host.ts")).QsaHost,
  qsc: async () => (await import("./qsc-host.ts")).QscHost,
};
const [HostOfRole, { loadNative }] = await Promise.all([LOADERS[role]() as Promise<HostClass>, import("../../io/batch/native.ts")]);
// It takes a while, and there is nothing else to do yet.
loadNative();
let host: Host | undefined;

port.on("message", (message: ToEngine) => {
  switch (message.type) {
    case "open":
      return void open(message.settings, message.waits);
    case "begin":
      return host?.opened.driver.begin();
    case "call":
      return call(message.id, message.method, message.values);
    case "close":
      return void close();
  }
});

async function open(settings: unknown, waits: boolean): Promise<void> {
  try {
    host = await HostOfRole.open(settings);
    const { driver, means, alarm } = host.opened;
    if (!waits) driver.begin();
    tell({ type: "open", means, alarm });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // Errors of this software's have a code and say all; any other is a bug.
    if (code === undefined) throw error;
    tell({ type: "refused", code, message });
    port.close();
  }
}

function call(id: number, method: string, values: readonly unknown[]): void {
  try {
    const methods = host as unknown as Readonly<Record<string, (...values: readonly unknown[]) => unknown>>;
    tell({ type: "result", id, value: methods[method]!(...values) });
  } catch (error) {
    tell({ type: "fault", id, status: statusFor(error), message: (error as Error).message });
  }
}

async function close(): Promise<void> {
  await host?.close();
  port.close();
}

function tell(message: FromEngine): void {
  port.postMessage(message);
}
