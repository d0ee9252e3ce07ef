import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { Server, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { AddressError } from "../../src/address/index.ts";
import { MappingError } from "../../src/core/mapping/mapping-error.ts";
import { ChangeLogError } from "../../src/io/change-log.ts";
import { askControl, ownControlSocket } from "../../src/io/control-client.ts";
import { ControlError } from "../../src/io/control-error.ts";
import { defaultControlSocket } from "../../src/io/control-place.ts";
import { serveControl } from "../../src/io/control-socket.ts";

let directory: string;
let path: string;
let failure: Error;
let control: { close(): Promise<void> };

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "drtm-test-"));
  path = join(directory, "private", "drtm.sock");
  control = await serveControl(path, {
    "GET /echo": (parameters) => ({ said: parameters.get("say") }),
    "POST /echo": (_parameters, body) => body,
    "POST /break": () => {
      throw failure;
    },
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

test.each([
  [400, new AddressError("192.0.2", "is not an IPv4 or IPv6 address")],
  [400, new MappingError("192.0.2.0 is in no MAB of this server")],
  [500, new ChangeLogError("the change was not made: no space left on device")],
  [500, new TypeError("a bug")],
])("status %d: %s", async (status, error) => {
  failure = error;
  await expect(askControl(path, "POST", "/break", {})).rejects.toMatchObject({ status, message: error.message });
});

test("a socket behind which nobody answers is not said to be missing", async () => {
  const [silent, stopped] = [join(directory, "silent.sock"), createServer(() => undefined)];
  stopped.listen(silent);
  await once(stopped, "listening");
  const question = askControl(silent, "GET", "/status");
  await expect(question).rejects.toThrow(`the drtm here does not answer within 5 s (control socket ${silent})`);
  stopped.closeAllConnections();
  stopped.close();
}, 10_000);

test.each(["EAGAIN", "EACCES"])("a socket that cannot be asked (%s) is left alone", async (code) => {
  const dead = join(directory, "busy.sock");
  await leaveDeadSocket(dead);
  const connect = vi.spyOn(Socket.prototype, "connect").mockImplementation(function (this: Socket) {
    return this.destroy(Object.assign(new Error(code), { code }));
  });
  await expect(serveControl(dead, {})).rejects.toThrow(`another drtm answers on ${dead}`);
  connect.mockRestore();
});

test("broken and endless requests are refused", async () => {
  expect(await post("{broken")).toBe(400);
  expect(await post("3")).toBe(400);
  expect(await post(JSON.stringify({ long: "x".repeat(70_000) }))).toBe(413);
});

test("a live socket is not taken over, a dead one is", async () => {
  await expect(serveControl(path, {})).rejects.toThrow(`another drtm answers on ${path}`);
  const dead = join(directory, "dead.sock");
  await leaveDeadSocket(dead);
  const taken = await serveControl(dead, { "GET /alive": () => true });
  expect(await askControl(dead, "GET", "/alive")).toBe(true);
  await taken.close();
});

test("what is no socket is left alone", async () => {
  const file = join(directory, "precious");
  writeFileSync(file, "data");
  await expect(serveControl(file, {})).rejects.toThrow(`${file} is no socket: choose another path`);
  expect(readFileSync(file, "utf8")).toBe("data");
  const link = join(directory, "link");
  symlinkSync(file, link);
  await expect(serveControl(link, {})).rejects.toThrow(`${link} is no socket: choose another path`);
  await expect(serveControl(join(directory, "private"), {})).rejects.toThrow("private is no socket: choose another path");
});

test("a path through a file is refused with a reason", async () => {
  const file = join(directory, "file");
  writeFileSync(file, "");
  await expect(serveControl(join(file, "drtm.sock"), {})).rejects.toThrow(`cannot make the directory ${file} of the control socket: there is a file of that name; choose another path`);
  await expect(serveControl(join(file, "deeper", "drtm.sock"), {})).rejects.toThrow("a part of it is a file; choose another path");
  await expect(serveControl(join(directory, "x".repeat(200)), {})).rejects.toThrow(ControlError);
});

test("a directory that others may write is refused, a sticky one is not", async () => {
  const shared = join(directory, "shared");
  mkdirSync(shared);
  chmodSync(shared, 0o777);
  await expect(serveControl(join(shared, "drtm.sock"), {})).rejects.toThrow(`other users can write to ${shared}`);
  chmodSync(shared, 0o1777);
  await (await serveControl(join(shared, "drtm.sock"), {})).close();
});

test("nobody else may open it at any moment, and the umask is as before", async () => {
  const before = process.umask();
  const original = Server.prototype.listen;
  const modes: number[] = [];
  const listen = vi.spyOn(Server.prototype, "listen").mockImplementation(function (this: Server, ...args) {
    original.apply(this, args);
    modes.push(statSync(args[0] as unknown as string).mode & 0o777);
    return this;
  });
  await (await serveControl(join(directory, "early.sock"), {})).close();
  listen.mockRestore();
  expect(modes).toEqual([0o600]);
  expect(process.umask()).toBe(before);
});

test.each([
  [undefined, tmpdir()],
  ["", tmpdir()],
  ["run/user", tmpdir()],
  ["/run/user/7", "/run/user/7/drtm/drtm.sock"],
])("XDG_RUNTIME_DIR %j: below %s", (value, where) => {
  vi.stubEnv("XDG_RUNTIME_DIR", value);
  expect(defaultControlSocket().startsWith(where)).toBe(true);
  vi.unstubAllEnvs();
});

test.runIf(process.getuid?.() === 0)("a directory of somebody else is not used (needs root)", async () => {
  const foreign = join(directory, "foreign");
  mkdirSync(foreign);
  chownSync(foreign, 65_534, 65_534);
  await expect(serveControl(join(foreign, "x.sock"), {})).rejects.toThrow("belongs to another user");
});

test.runIf(process.getuid?.() === 0)("nor is it asked, where nobody has named it (needs root)", async () => {
  vi.stubEnv("XDG_RUNTIME_DIR", directory);
  const own = join(directory, "drtm", "drtm.sock");
  const drtm = await serveControl(own, {});
  expect(ownControlSocket()).toBe(own);
  chownSync(join(directory, "drtm"), 65_534, 65_534);
  expect(() => ownControlSocket()).toThrow(`${join(directory, "drtm")} belongs to another user: choose another control socket`);
  await drtm.close();
  vi.unstubAllEnvs();
});

test("where nobody has made one, no drtm runs", () => {
  vi.stubEnv("XDG_RUNTIME_DIR", join(directory, "nowhere"));
  expect(() => ownControlSocket()).toThrow("no drtm runs here");
  vi.unstubAllEnvs();
});

test("an endless answer is cut off", async () => {
  const [endless, impostor] = [join(directory, "endless.sock"), createServer((_request, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(1 << 20, 32)));
    };
    response.on("drain", more);
    more();
  })];
  impostor.listen(endless);
  await once(impostor, "listening");
  await expect(askControl(endless, "GET", "/status")).rejects.toThrow("the answer is longer than 67108864 octets");
  impostor.closeAllConnections();
  impostor.close();
});

test("a path that the kernel does not take, or a directory that cannot be made, is named", async () => {
  await expect(serveControl(join(directory, "x".repeat(110)), {})).rejects.toThrow("is longer than 107 octets");
  writeFileSync(join(directory, "file"), "");
  await expect(serveControl(join(directory, "file", "below", "x.sock"), {})).rejects.toThrow(`cannot make the directory ${join(directory, "file", "below")} of the control socket`);
});

/** As a process leaves it that is killed: Node removes only what is at the path where it listened. */
async function leaveDeadSocket(at: string): Promise<void> {
  const server = createServer();
  server.listen(`${at}.live`);
  await once(server, "listening");
  renameSync(`${at}.live`, at);
  server.close();
  await once(server, "close");
}

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
