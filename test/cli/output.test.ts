import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { clockTime } from "../../src/cli/table.ts";
import { canRewriteLine, wantsColour } from "../../src/io/terminal.ts";
import { isWanted, requireProgram } from "../support/program.ts";

const LAUNCHER = fileURLToPath(new URL("../../bin/drtm.js", import.meta.url));
const STOP_SIGNAL = new URL("../../src/cli/stop-signal.ts", import.meta.url).href;

test.runIf(existsSync("/dev/full"))("a full disk behind standard output is told in one line", async () => {
  const full = openSync("/dev/full", "w");
  const child = spawn(process.execPath, [LAUNCHER, "--help"], { stdio: ["ignore", full, "pipe"] });
  let stderr = "";
  child.stderr!.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const [status] = (await once(child, "close")) as [number];
  closeSync(full);
  expect({ status, stderr }).toEqual({ status: 1, stderr: "drtm: cannot write to standard output: ENOSPC: no space left on device, write\n" });
});

describe("stop signals", () => {
  const directory = mkdtempSync(join(tmpdir(), "drtm-test-"));
  let child: ChildProcess | undefined;

  afterEach(() => child?.kill("SIGKILL"));
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });

  test.each<[NodeJS.Signals, NodeJS.Signals]>([
    ["SIGINT", "SIGINT"],
    ["SIGINT", "SIGTERM"],
    ["SIGTERM", "SIGINT"],
  ])("%s is told, and %s after it ends the process at once", async (first, second) => {
    const script = join(directory, "stops-never.mjs");
    writeFileSync(script, `import { stopSignal, untilStopped } from ${JSON.stringify(STOP_SIGNAL)};\nsetInterval(() => {}, 1000);\nconst stop = stopSignal();\nconsole.log("ready");\nconsole.log(await untilStopped(stop));\n`);
    child = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "ignore"] });
    const exit = once(child, "exit");
    expect(String(await once(child.stdout!, "data"))).toBe("ready\n");
    child.kill(first);
    expect(String(await once(child.stdout!, "data"))).toBe(`${first}\n`);
    // Right after the first, the same one again may be the launcher's copy of it.
    const again = setInterval(() => child?.kill(second), 50);
    expect(await exit).toEqual([null, second]);
    clearInterval(again);
  }, 10_000);
});

test.each([
  [true, {}, true, true],
  [true, { TERM: "xterm-256color" }, true, true],
  [true, { TERM: "dumb" }, false, false],
  [true, { NO_COLOR: "1" }, false, true],
  [true, { NO_COLOR: "" }, true, true],
  [false, { TERM: "xterm" }, false, false],
])("terminal %s, environment %j: colours %s, a line rewritten %s", (isTerminal, environment, colour, rewritten) => {
  expect({ colour: wantsColour(isTerminal, environment), rewritten: canRewriteLine(isTerminal, environment) }).toEqual({ colour, rewritten });
});

describe.runIf(isWanted("script"))("on a terminal (script makes one)", () => {
  const LOG = new URL("../../src/io/log.ts", import.meta.url).href;
  const TABLE = new URL("../../src/cli/table.ts", import.meta.url).href;
  const PROGRAM = `import { makeLog } from "${LOG}"; import { paint } from "${TABLE}"; console.log(paint.bold("table")); makeLog({ level: "info", format: "auto" }).info("log");`;

  test.each<[NodeJS.ProcessEnv, RegExp]>([
    [{ TERM: "xterm", NO_COLOR: "" }, /ESC\[1mtable.*ESC\[\d+mINFO/s],
    [{ TERM: "dumb", NO_COLOR: "" }, /^table\r\n\[[\d:.]+\] INFO: log\r\n$/],
    [{ TERM: "xterm", NO_COLOR: "1" }, /^table\r\n\[[\d:.]+\] INFO: log\r\n$/],
  ])("%j", async (environment, wanted) => {
    const command = `'${process.execPath}' --input-type=module --eval '${PROGRAM}'`;
    const child = spawn(requireProgram("script", "bsdutils"), ["-qec", command, "/dev/null"], { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, ...environment } });
    let shown = "";
    child.stdout.on("data", (chunk: Buffer) => (shown += chunk.toString()));
    await once(child, "close");
    expect(shown.replaceAll("\u001b", "ESC")).toMatch(wanted);
  });
});

test("a time is that of this place", () => {
  vi.stubEnv("TZ", "Asia/Kolkata");
  expect(clockTime(new Date("2026-01-02T17:08:36.005Z"))).toBe("22:38:36.005");
  vi.unstubAllEnvs();
});
