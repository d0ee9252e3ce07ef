import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { drtm, freePort } from "../support/process.ts";
import { isWanted } from "../support/program.ts";

const GUIDE = readFileSync(fileURLToPath(new URL("../../docs/dsoc-guide.md", import.meta.url)), "utf8");
const run = promisify(execFile);
const env = { ...process.env, PATH: `${process.env["PATH"]}${delimiter}/usr/sbin` };

/** A heading of the guide, and the program that its recipe runs. */
const RECIPES: readonly { heading: string; program: string; signer?: string }[] = [
  { heading: "NSD", program: "nsd" },
  { heading: "Knot, signing", program: "knotd", signer: "Knot" },
  { heading: "BIND", program: "named", signer: "BIND" },
  { heading: "PowerDNS", program: "pdns_server", signer: "PowerDNS" },
];

const KEYS = "Keys, and DS data to the registry";
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

  /** What a row's command prints. */
  async says(section: string, row: string): Promise<string> {
    const [command] = this.#commands(section, row);
    return (await run("bash", ["-euc", command!], { cwd: this.directory, env })).stdout;
  }

  /** Gives the registry the DS data of the DSOC's zone, in the way of the guide. */
  carries(ds: string): void {
    const file = join(this.directory, "world.yaml");
    const [, keys = ""] = /```yaml\nregistry:\n( {2}keys:\n[^`]*)```/.exec(GUIDE) ?? [];
    writeFileSync(join(this.directory, "dsoc-a.ds"), ds);
    writeFileSync(file, readFileSync(file, "utf8").replace("dsocs:", `${keys}dsocs:`));
  }

  async checked(...options: string[]): Promise<string> {
    const { status, stdout, stderr } = await drtm("zone", "check", "--server", this.primary, ...options);
    return `${status} ${stdout}${stderr}`;
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

describe.each(RECIPES)("the guide's recipe for $heading", ({ heading, program, signer }) => {
  const isHere = isWanted(program) && isWanted("nsd");

  test.runIf(isHere)(`serves what was built, and a MAB more reaches the secondary (needs ${program}, nsd)`, async () => {
    await trial.does(heading, "once");
    trial.startsPrimary(heading);
    await expect.poll(() => trial.differenceTo(trial.primary), SOON).toBe("the same\n");
    trial.runs("nsd -d -c secondary.conf");
    await expect.poll(() => trial.differenceTo(trial.secondary), SOON).toBe("the same\n");
    appendFileSync(join(trial.directory, "mabs.txt"), "203.0.113.0/24\n");
    await trial.build();
    await trial.does(heading, "after a change");
    await expect.poll(() => trial.differenceTo(trial.secondary), SOON).toBe("the same\n");
    const served = await trial.checked("--apex", "drtm.example", "--by", "transfer");
    expect(served).toMatch(/^0 [^]*\n?2 zones, 3 MABs, 3 QSA addresses: no errors, \d notes?\n$/);
    expect(/signatures right/.test(served)).toBe(signer !== undefined);
  }, 120_000);

  if (signer === undefined) return;
  test.runIf(isHere)(`signs as the DS data says that the registry gets (needs ${program})`, async () => {
    await trial.does(heading, "once");
    trial.startsPrimary(heading);
    await expect.poll(() => trial.checked("--apex", "dsoc-a.example", "--by", "transfer"), SOON).toMatch(/signatures right, 1 zone by own keys/);
    const ds = await trial.says(KEYS, signer);
    const anchors = join(trial.directory, "anchors");
    writeFileSync(anchors, ds);
    expect(await trial.checked("--apex", "dsoc-a.example", "--anchors", anchors)).toMatch(/^0 [^]*signatures right, 1 zone by anchors given/);
    trial.carries(ds);
    await trial.build();
    await trial.does(heading, "after a change");
    await expect.poll(() => trial.checked("--apex", "drtm.example"), SOON).toMatch(/^0 [^]*signatures right, 1 zone by own keys, 1 zone by DS data of the registry/);
  }, 120_000);
});
