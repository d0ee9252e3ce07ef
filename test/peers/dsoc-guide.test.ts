import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseIp } from "../../src/address/index.ts";
import { RecordType, type ResourceRecord } from "../../src/dns/records/index.ts";
import { fetchZone } from "../../src/io/zone-transfer.ts";
import { checkZones } from "../../src/zone-tools/check/check.ts";
import { ZoneView } from "../../src/zone-tools/zone-view.ts";
import { drtm, freePort } from "../support/process.ts";
import { isWanted } from "../support/program.ts";

const GUIDE = readFileSync(fileURLToPath(new URL("../../docs/dsoc-guide.md", import.meta.url)), "utf8");
const run = promisify(execFile);
const env = { ...process.env, PATH: `${process.env["PATH"]}${delimiter}/usr/sbin` };

/** A heading of the guide, and the program that its recipe runs. */
const RECIPES = [
  { heading: "NSD", program: "nsd", signs: false },
  { heading: "Knot, signing", program: "knotd", signs: true },
  { heading: "BIND", program: "named", signs: true },
  { heading: "PowerDNS", program: "pdns_server", signs: true },
];

const CHECK = { addresses: { allowLoopback: false, allowPrivate: false }, nowSeconds: Date.now() / 1000, soonDays: 7 };
const SOON = { timeout: 20_000 };

/** The guide's files and commands, in a directory and on ports of their own. */
class Trial {
  readonly directory = mkdtempSync(join(tmpdir(), "drtm-guide-"));
  readonly #running: ChildProcess[] = [];
  readonly #ports: readonly number[];

  constructor(ports: readonly number[]) {
    this.#ports = ports;
    for (const [, name, text] of GUIDE.matchAll(/^```\w+ ([\w.]+)\n([\s\S]*?)^```/gm)) writeFileSync(join(this.directory, name!), this.#here(text!));
    for (const folder of ["run", "knot", "bind"]) mkdirSync(join(this.directory, folder));
  }

  get primary(): string {
    return `127.0.0.1:${this.#ports[0]}`;
  }

  get secondary(): string {
    return `127.0.0.1:${this.#ports[1]}`;
  }

  get zones(): string {
    return join(this.directory, "zones");
  }

  async build(): Promise<void> {
    const { status, stderr } = await drtm("zone", "build", join(this.directory, "world.yaml"), "--out", this.zones);
    if (status !== 0) throw new Error(stderr);
  }

  async differenceTo(server: string): Promise<string> {
    return (await drtm("zone", "diff", this.zones, server)).stdout;
  }

  /** Does what a row of a section's table says, every command of it. */
  async does(section: string, row: string): Promise<void> {
    for (const command of this.#commands(section, row)) await run("bash", ["-euc", command], { cwd: this.directory, env });
  }

  /** Starts what runs until it is stopped. */
  runs(command: string): void {
    this.#running.push(spawn("bash", ["-euc", `exec ${this.#here(command).replace(/^mkdir.*&& /, "")}`], { cwd: this.directory, env, stdio: "ignore" }));
  }

  startsPrimary(section: string): void {
    for (const command of this.#commands(section, "run")) this.runs(command);
  }

  /** All records of a zone, signatures too, by transfer from the primary. */
  async served(apex: string): Promise<readonly ResourceRecord[]> {
    const fetched = await fetchZone({ apex, primaries: [{ address: parseIp("127.0.0.1"), port: this.#ports[0]! }] });
    return fetched.kind === "whole" ? fetched.records : [];
  }

  async end(): Promise<void> {
    for (const child of this.#running) {
      const ended = once(child, "exit");
      if (child.exitCode === null && child.kill()) await ended;
    }
    rmSync(this.directory, { recursive: true, force: true });
  }

  #commands(section: string, row: string): string[] {
    const [, text = ""] = GUIDE.split(`\n## ${section}\n`);
    const line = text.split("\n## ")[0]!.split("\n").find((one) => one.startsWith(`| ${row} |`)) ?? "";
    return Array.from(line.replaceAll(/\([^)]*\)/g, "").matchAll(/`([^`]+)`/g), ([, command]) => this.#here(command!));
  }

  #here(text: string): string {
    const [primary, secondary, control] = this.#ports;
    return text.replaceAll("/srv/drtm", this.directory).replaceAll("5301", `${primary}`).replaceAll("5302", `${secondary}`).replaceAll("5303", `${control}`);
  }
}

let trial: Trial;

beforeEach(async () => {
  trial = new Trial([await freePort(), await freePort(), await freePort()]);
  await trial.build();
});

afterEach(() => trial.end());

test("the guide's description is right", async () => {
  expect((await drtm("zone", "check", join(trial.zones, "drtm.example.zone"), join(trial.zones, "dsoc-a.example.zone"))).stdout).toBe("2 zones, 2 MABs, 3 QSA addresses: no errors, 0 notes\n");
});

describe.each(RECIPES)("the guide's recipe for $heading", ({ heading, program, signs }) => {
  test.runIf(isWanted(program) && isWanted("nsd"))(`serves what was built, and a MAB more reaches the secondary (needs ${program}, nsd)`, async () => {
    await trial.does(heading, "once");
    trial.startsPrimary(heading);
    await expect.poll(() => trial.differenceTo(trial.primary), SOON).toBe("the same\n");
    trial.runs("nsd -d -c secondary.conf");
    await expect.poll(() => trial.differenceTo(trial.secondary), SOON).toBe("the same\n");
    appendFileSync(join(trial.directory, "mabs.txt"), "203.0.113.0/24\n");
    await trial.build();
    await trial.does(heading, "after a change");
    await expect.poll(() => trial.differenceTo(trial.secondary), SOON).toBe("the same\n");
    expect((await drtm("zone", "check", "--server", trial.primary, "--apex", "drtm.example")).status).toBe(0);
    const records = await trial.served("drtm.example.");
    const { findings } = checkZones([new ZoneView("primary", "drtm.example.", records.map((record) => ({ record })))], CHECK);
    expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(records.some(({ type }) => type === RecordType.RRSIG)).toBe(signs);
  }, 120_000);
});
