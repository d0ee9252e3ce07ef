import { type Stats, lstatSync, rmSync } from "node:fs";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { connect } from "node:net";
import { dirname } from "node:path";
import { ControlError, statusFor } from "./control-error.ts";
import { CONTROL_DEADLINE_MS, requirePrivate, requireShort } from "./control-place.ts";
import { nodeHttp } from "./late-modules.ts";
import { makeDirectory } from "./make-directory.ts";

/** `GET /status` and the like; gets the query parameters and the JSON body. */
export type ControlHandler = (parameters: URLSearchParams, body: Readonly<Record<string, unknown>>) => unknown;

const MOST_BODY_OCTETS = 65_536;
/** A umask. */
const OWNER_ONLY = 0o177;
const REASONS: Readonly<Record<string, string>> = {
  EEXIST: "there is a file of that name",
  ENOTDIR: "a part of it is a file",
  EACCES: "not permitted",
  ENAMETOOLONG: "the path is too long",
};

/** Serves HTTP with JSON on a Unix socket that only this user may open. Throws ControlError when that cannot be. */
export async function serveControl(path: string, routes: Readonly<Record<string, ControlHandler>>): Promise<{ close(): Promise<void> }> {
  requireShort(path);
  preparePrivateDirectory(dirname(path));
  await removeDeadSocket(path);
  const server = nodeHttp().createServer({ requestTimeout: CONTROL_DEADLINE_MS, headersTimeout: CONTROL_DEADLINE_MS }, (request, response) => {
    void respond(routes, request, response);
  });
  await listen(server, path);
  return {
    close: () =>
      new Promise((done) => {
        server.close(() => {
          done();
        });
        server.closeAllConnections();
      }),
  };
}

async function respond(routes: Readonly<Record<string, ControlHandler>>, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const url = new URL(request.url ?? "/", "http://drtm");
    const handler = routes[`${request.method} ${url.pathname}`];
    if (handler === undefined) throw new ControlError(404, `there is no ${request.method} ${url.pathname} here: this role does not offer it`);
    const result = await handler(url.searchParams, await readBody(request));
    send(response, 200, result);
  } catch (error) {
    send(response, statusFor(error), { error: (error as Error).message });
  }
}

function send(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let octets = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    octets += chunk.length;
    if (octets > MOST_BODY_OCTETS) throw new ControlError(413, `the request is longer than ${MOST_BODY_OCTETS} octets`);
    chunks.push(chunk);
  }
  if (octets === 0) return {};
  const value = parseJson(Buffer.concat(chunks).toString("utf8"));
  if (typeof value !== "object" || value === null) throw new ControlError(400, "the request is no JSON object");
  return value as Record<string, unknown>;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ControlError(400, `the request is no JSON: ${(error as Error).message}`, { cause: error });
  }
}

/** Made for this user alone. */
function preparePrivateDirectory(directory: string): void {
  withReason(`cannot make the directory ${directory} of the control socket`, () => {
    makeDirectory(directory, 0o700);
    requirePrivate(directory);
  });
}

/** What a process that has died left behind. Anything else at the path is somebody's. */
async function removeDeadSocket(path: string): Promise<void> {
  const found = withReason<Stats | undefined>(`cannot use the control socket ${path}`, () => lstatSync(path, { throwIfNoEntry: false }));
  if (found === undefined) return;
  if (!found.isSocket()) throw new ControlError(409, `${path} is no socket: choose another path for the control socket`);
  if (await isAlive(path)) throw new ControlError(409, `another drtm answers on ${path}: stop it, or give this one another control socket`);
  withReason(`cannot replace the control socket ${path}`, () => {
    rmSync(path, { force: true });
  });
}

function withReason<T>(problem: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof ControlError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new ControlError(500, `${problem}: ${REASONS[code ?? ""] ?? message}; choose another path`);
  }
}

function isAlive(path: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      done(true);
    });
    // Any other failure, such as a full queue before a process that is stopped, is no sign of death.
    socket.once("error", ({ code }: NodeJS.ErrnoException) => {
      done(code !== "ECONNREFUSED" && code !== "ENOENT");
    });
  });
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((done, fail) => {
    server.once("error", (error) => {
      fail(new ControlError(500, `cannot make the control socket ${path}: ${error.message}`));
    });
    // Bound within this call: with a chmod afterwards, others could open it in between.
    const before = process.umask(OWNER_ONLY);
    try {
      server.listen(path, done);
    } finally {
      process.umask(before);
    }
  });
}
