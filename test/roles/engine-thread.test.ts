import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseIp, parseRange } from "../../src/address/index.ts";
import { type QsaConfig, qsaSchema } from "../../src/config/schema.ts";
import { loadNative } from "../../src/io/batch/native.ts";
import { ControlError } from "../../src/io/control-error.ts";
import { QueryClient } from "../../src/io/query-client.ts";
import { EngineThread } from "../../src/roles/engine/engine-thread.ts";
import { startEngine } from "../../src/roles/threads.ts";
import { freePort } from "../support/process.ts";

const LOOPBACK = parseIp("127.0.0.1");
const FAILING = new URL("../support/failing-engine.ts", import.meta.url);
const hasBatches = typeof loadNative() !== "string";

let directory = "";
const threads: EngineThread<"qsa">[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "drtm-engine-"));
  writeFileSync(join(directory, "mapping.txt"), "mab 192.0.2.0/24 lineage 1 position 1\n192.0.2.0-192.0.2.7 203.0.113.1\n");
});

afterEach(async () => {
  for (const thread of threads.splice(0)) await thread.close();
  rmSync(directory, { recursive: true });
});

function config(port: number, driver: QsaConfig["driver"]): QsaConfig {
  return qsaSchema.parse({ role: "qsa", listen: [`127.0.0.1:${port}`], mapping: [join(directory, "mapping.txt")], driver });
}

function start(script?: URL): EngineThread<"qsa"> {
  const thread = new EngineThread("qsa", startEngine("qsa", script));
  threads.push(thread);
  return thread;
}

async function ask(port: number): Promise<number> {
  const client = await QueryClient.connect({ address: LOOPBACK, port }, 5_000);
  try {
    return (await client.ask(parseIp("192.0.2.3"))).reply.body.etr0;
  } finally {
    client.close();
  }
}

/** Throws when somebody has the port. */
async function requireFree(port: number): Promise<void> {
  const socket = createSocket("udp4").bind(port, "127.0.0.1");
  await once(socket, "listening");
  socket.close();
}

describe.each([{ driver: "dgram" as const, canRun: true, means: "by node:dgram (as configured)" }, { driver: "batched" as const, canRun: hasBatches, means: "by system calls" }])(
  "an engine in its thread, $driver",
  ({ driver, canRun, means }) => {
    test.runIf(canRun)("answers queries and calls, and gives its sockets back at its end", async () => {
      const port = await freePort();
      const thread = start();
      expect((await thread.open(config(port, driver))).means).toContain(means);
      const etr = await ask(port);
      const { changes } = await thread.host.change(parseRange("192.0.2.0-192.0.2.7"), parseIp("203.0.113.2"));
      expect(changes.map(({ version }) => version)).toEqual([2]);
      expect(await ask(port)).toBe(etr + 1);
      const { listen, counters } = await thread.host.status();
      expect(listen).toEqual([`127.0.0.1:${port}`]);
      expect(counters["received"]).toBeGreaterThanOrEqual(2);
      await thread.close();
      await expect(thread.host.status()).rejects.toThrow("is being stopped");
      await requireFree(port);
    });

    test.runIf(canRun)("what cannot be is told with HTTP's status, and the engine goes on", async () => {
      const port = await freePort();
      const thread = start();
      await thread.open(config(port, driver));
      const outside = thread.host.change(parseRange("198.51.100.0-198.51.100.7"), null);
      await expect(outside).rejects.toThrow(ControlError);
      await expect(outside).rejects.toMatchObject({ status: 400, message: expect.stringContaining("198.51.100.0") });
      expect(await ask(port)).toBe(0xcb007101);
    });

    test.runIf(canRun)("an address in use is refused by the name of its error", async () => {
      const other = createSocket("udp4").bind(0, "127.0.0.1");
      await once(other, "listening");
      const { port } = other.address();
      await expect(start().open(config(port, driver))).rejects.toMatchObject({ name: "ThreadRefusal", code: "DRTM_LISTEN", message: expect.stringContaining(`127.0.0.1:${port}`) });
      other.close();
    });
  },
);

test("an engine that fails says so once, and calls that wait for it end", async () => {
  const thread = start(FAILING);
  await thread.open(config(1, "auto"));
  await expect(thread.host.status()).rejects.toThrow("has been stopped");
  expect((await thread.failed).message).toBe("a bug");
});

test("a thread that ends before it is open is no engine", async () => {
  const thread = start(FAILING);
  await expect(thread.open(config(1, "dgram"))).rejects.toThrow("a bug");
});
