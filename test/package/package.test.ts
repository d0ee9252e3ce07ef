import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Drtm, freePort } from "../support/process.ts";
import { copySampleZones } from "../support/sample-zones.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);
/** The Node that runs the tests comes first, as it would for a user who has it. */
const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env["PATH"]}` };
const MINUTE = 60_000;

let directory: string;

/** Packs a copy of what git has here, so that the build leaves nothing behind. */
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "drtm-package-"));
  const copy = join(directory, "copy");
  await run("git", ["clone", "--quiet", "--no-hardlinks", ROOT, copy]);
  await run("ln", ["-s", join(ROOT, "node_modules"), join(copy, "node_modules")]);
  await run("npm", ["pack", "--pack-destination", directory], { cwd: copy, env });
  const tarball = readdirSync(directory).find((file) => file.endsWith(".tgz"))!;
  writeFileSync(join(directory, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", `./${tarball}`], { cwd: directory, env });
}, 2 * MINUTE);

afterAll(() => {
  rmSync(directory, { recursive: true });
});

describe("installed from the packed tarball", () => {
  test("npx drtm runs", async () => {
    const { stdout } = await run("npx", ["drtm", "--help"], { cwd: directory, env });
    expect(stdout).toContain("Usage: drtm COMMAND");
  });

  test("the sample world is in it", async () => {
    const { stdout } = await run("node", ["-e", "console.log(require('node:fs').readdirSync('node_modules/drtm/zones').join(' '))"], { cwd: directory, env });
    expect(stdout).toContain("drtm.example.zone");
  });

  test.each(["qsr", "qsa"])("the example and the unit of a %s are in it, and agree", async (role) => {
    const [etc, inside] = [join(directory, "etc"), join(directory, "node_modules", "drtm")];
    cpSync(join(inside, "docs", "examples"), etc, { recursive: true });
    const unit = readFileSync(join(inside, "deploy", `drtm-${role}.service`), "utf8");
    expect(unit).toContain(`ExecStart=drtm ${role} --config /etc/drtm/${role}.yaml\n`);
    expect(unit).toContain(`RuntimeDirectory=drtm-${role}\n`);
    expect(unit).toContain(`Environment=XDG_RUNTIME_DIR=/run/drtm-${role}\n`);
    expect(readFileSync(join(etc, `${role}.yaml`), "utf8")).toContain(`socket: /run/drtm-${role}/drtm/drtm.sock\n`);
    const { stdout } = await run("npx", ["drtm", "check", join(etc, `${role}.yaml`)], { cwd: directory, env });
    expect(stdout).toContain(`: ok, ${role} on 127.0.0.1:4344`);
  });

  test("a world runs from it, in threads, and answers", async () => {
    const [zones, socket, server, dns] = [join(directory, "zones"), join(directory, "drtm.sock"), `127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    copySampleZones(zones, await freePort());
    const command = join(directory, "node_modules", "drtm", "bin", "drtm.js");
    const world = new Drtm(["up", "--zones", zones, "--listen", server, "--dns", dns, "--socket", socket], { command });
    await world.says("Ctrl-C stops it.");
    const { stdout } = await new Drtm(["query", "--server", server, "192.0.2.7"], { command }).finished();
    await world.stop();
    expect(stdout).toContain("192.0.2.7  ETR 203.0.113.1  micronet 192.0.2.0-192.0.2.99");
  });

  test("the simulator runs from it, in processes", async () => {
    const { stdout } = await run("npx", ["drtm", "sim", "--seed", "1", "--seeds", "2", "--minutes", "1", "--jobs", "2"], { cwd: directory, env });
    expect(stdout).toContain("2 seeds clean");
  });

  test("what has become part of it has its licence with it", () => {
    const inside = join(directory, "node_modules", "drtm", "dist");
    expect(readFileSync(join(inside, "LICENSE.yaml"), "utf8")).toContain("Permission to use, copy, modify");
  });

  test("the library entries can be imported, and have types", async () => {
    const source = 'import { parseIp } from "drtm/address";\nimport { decodeDatagram } from "drtm/wire";\nexport const family: 4 | 6 = parseIp("::1").family;\nexport const decode: (bytes: Uint8Array) => object = decodeDatagram;\nconsole.log(family);\n';
    writeFileSync(join(directory, "use.ts"), source);
    await run("node", [join(ROOT, "node_modules", "typescript", "bin", "tsc"), "--noEmit", "--strict", "--module", "nodenext", "--target", "es2024", "use.ts"], { cwd: directory, env });
    const { stdout } = await run("node", ["use.ts"], { cwd: directory, env });
    expect(stdout.trim()).toBe("6");
  });
});

test("the Node it asks for is enough for all it depends on", () => {
  const { dependencies } = readPackage("package.json") as Package & { dependencies: object };
  const needs = Object.keys(dependencies).map((name) => leastNode(readPackage(`node_modules/${name}/package.json`)));
  expect(leastNode(readPackage("package.json"))).toBe(Math.max(...needs));
});

interface Package {
  readonly engines?: { readonly node?: string };
}

function readPackage(path: string): Package {
  return JSON.parse(readFileSync(join(ROOT, path), "utf8")) as Package;
}

/** The last version that a range names, as one number: ">=22.19.0" and "20 || >=22" are 22019 and 22000. */
function leastNode({ engines }: Package): number {
  const [, major = "0", minor = "0"] = /(\d+)(?:\.(\d+))?(?:\.\d+)?\s*$/.exec(engines?.node ?? "") ?? [];
  return Number(major) * 1000 + Number(minor);
}

test("in a clone, npx drtm runs the source", async () => {
  const { stdout } = await run("npx", ["drtm", "--version"], { cwd: ROOT, env });
  expect(stdout.trim()).toMatch(/^\d+\.\d+\.\d+$/);
});
