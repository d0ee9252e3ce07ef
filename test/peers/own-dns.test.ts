import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Drtm, drtm, freePort } from "../support/process.ts";
import { isWanted, requireProgram } from "../support/program.ts";
import { copySampleZones } from "../support/sample-zones.ts";

const README = readFileSync(fileURLToPath(new URL("../../README.md", import.meta.url)), "utf8");

/** The shell code that makes the files of the section, without what installs and what needs this package around it. */
function recipe(): string {
  const section = README.slice(README.indexOf("## With your own DNS"), README.indexOf("## Benchmarks"));
  const [, block] = /```sh\n([\s\S]*?)```/.exec(section)!;
  return block!.replaceAll(/^(sudo|npx) .*$/gm, "");
}

describe.runIf(isWanted("nsd"))("the README's recipe for one's own DNS, on ports of its own", () => {
  const stops: (() => unknown)[] = [];
  let directory: string;
  let server: string;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "drtm-own-"));
    const [dns, qsa, qsr] = [await freePort(), await freePort(), await freePort()];
    server = `127.0.0.1:${qsr}`;
    copySampleZones(join(directory, "zones"), qsa);
    const script = recipe().replaceAll("5300", String(dns)).replaceAll("127.0.0.1:4344", server).replaceAll(":4344", `:${qsa}`);
    execFileSync("bash", ["-euc", script], { cwd: directory });
    const nsd = spawn(requireProgram("nsd", "nsd"), ["-d", "-c", "own/nsd.conf"], { cwd: directory, stdio: "ignore" });
    stops.push(async () => {
      nsd.kill();
      await once(nsd, "close");
    });
    for (const role of ["qsa", "qsr"]) {
      const running = new Drtm([role, "--config", join(directory, "own", `${role}.yaml`)]);
      stops.push(() => running.stop());
      await running.says(role === "qsa" ? "QSA for 2599 MABs" : "catalogue: 2599 MABs, 4 services, 22 QSAs");
    }
  });

  afterAll(async () => {
    for (const stop of stops.toReversed()) await stop();
    rmSync(directory, { recursive: true });
  });

  test("answers from all three DSOCs, and a change at the QSA comes through", async () => {
    await expect.poll(async () => (await drtm("query", "--server", server, "192.0.2.7", "198.51.100.70", "2001:db8::1")).status, { timeout: 10_000 }).toBe(0);
    const change = await drtm("ctl", "map", "set", "192.0.2.0-192.0.2.99", "--etr", "203.0.113.7", "--socket", join(directory, "own", "qsa.sock"));
    expect(change).toMatchObject({ status: 0, stderr: "" });
    await expect.poll(async () => (await drtm("query", "--server", server, "192.0.2.7")).stdout).toContain("ETR 203.0.113.7");
    expect((await drtm("ctl", "qsas", "--socket", join(directory, "own", "qsr.sock"))).stdout).toContain("127.0.2.1");
  });
});
