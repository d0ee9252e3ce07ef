import { chownSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ControlError, askControl, serveControl } from "../../src/io/control-socket.ts";

let directory: string;
let path: string;
let control: { close(): Promise<void> };

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "drtm-test-"));
  path = join(directory, "private", "drtm.sock");
  control = await serveControl(path, {
    "GET /echo": (parameters) => ({ said: parameters.get("say") }),
    "POST /echo": (_parameters, body) => body,
    "POST /fail": () => {
      throw new ControlError(409, "not now");
    },
  });
});

afterEach(async () => {
  await control.close();
  rmSync(directory, { recursive: true });
});

test("carries questions and answers as JSON", async () => {
  expect(await askControl(path, "GET", "/echo?say=hello")).toEqual({ said: "hello" });
  expect(await askControl(path, "POST", "/echo", { etr: null })).toEqual({ etr: null });
});

test("only its user may open it", () => {
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(join(directory, "private")).mode & 0o777).toBe(0o700);
});

test("refusals keep their reason", async () => {
  await expect(askControl(path, "POST", "/fail", {})).rejects.toMatchObject({ status: 409, message: "not now" });
  await expect(askControl(path, "GET", "/nothing")).rejects.toThrow("there is no GET /nothing here");
});

test("broken and endless requests are refused", async () => {
  expect(await post("{broken")).toBe(400);
  expect(await post("3")).toBe(400);
  expect(await post(JSON.stringify({ long: "x".repeat(70_000) }))).toBe(413);
});

test("a live socket is not taken over, a dead one is", async () => {
  await expect(serveControl(path, {})).rejects.toThrow(`another drtm answers on ${path}`);
  const dead = join(directory, "dead.sock");
  writeFileSync(dead, "");
  await (await serveControl(dead, {})).close();
});

test.runIf(process.getuid?.() === 0)("a directory of somebody else is not used (needs root)", async () => {
  const foreign = join(directory, "foreign");
  mkdirSync(foreign);
  chownSync(foreign, 65_534, 65_534);
  await expect(serveControl(join(foreign, "x.sock"), {})).rejects.toThrow("belongs to another user");
});

test("a path that the kernel does not take, or a directory that cannot be made, is named", async () => {
  await expect(serveControl(join(directory, "x".repeat(110)), {})).rejects.toThrow("is longer than 107 octets");
  writeFileSync(join(directory, "file"), "");
  await expect(serveControl(join(directory, "file", "below", "x.sock"), {})).rejects.toThrow(`cannot make ${join(directory, "file", "below")} for the control socket`);
});

function post(body: string): Promise<number> {
  return new Promise((done, fail) => {
    const sent = request({ socketPath: path, path: "/echo", method: "POST" }, (response) => {
      response.resume();
      done(response.statusCode!);
    });
    sent.on("error", fail);
    sent.end(body);
  });
}
