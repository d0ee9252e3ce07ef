import { dirname } from "node:path";
import { Client } from "undici";
import { ControlError } from "./control-error.ts";
import { CONTROL_DEADLINE_MS, defaultControlSocket, requirePrivate, requireShort } from "./control-place.ts";

/** The report of all QSAs that a QSR may know has some 10 MB. */
const MOST_ANSWER_OCTETS = 64 << 20;

/**
 * The control socket of this user, for who names none. Throws ControlError where another user could answer there: in /tmp anybody
 * may make a directory of that name.
 */
export function ownControlSocket(): string {
  const path = defaultControlSocket();
  try {
    requirePrivate(dirname(path));
    return path;
  } catch (error) {
    if (error instanceof ControlError) throw error;
    throw new ControlError(503, unanswered(path, error as NodeJS.ErrnoException), { cause: error });
  }
}

/** Asks a running drtm. Throws ControlError with what it said, or when none answers. */
export async function askControl(path: string, method: "GET" | "POST", target: string, body?: object): Promise<unknown> {
  requireShort(path);
  const client = new Client("http://drtm", { socketPath: path, headersTimeout: CONTROL_DEADLINE_MS, bodyTimeout: CONTROL_DEADLINE_MS, maxResponseSize: MOST_ANSWER_OCTETS });
  try {
    const response = await client.request({
      method,
      path: target,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    const value = (await response.body.json()) as { error?: string };
    if (response.statusCode >= 400) throw new ControlError(response.statusCode, value.error ?? `refused with status ${response.statusCode}`);
    return value;
  } catch (error) {
    if (error instanceof ControlError) throw error;
    throw new ControlError(503, unanswered(path, error as NodeJS.ErrnoException), { cause: error });
  } finally {
    await client.close();
  }
}

/** Why nobody answers on a control socket, and what to do. */
function unanswered(path: string, { code, message }: NodeJS.ErrnoException): string {
  const where = `(control socket ${path})`;
  switch (code) {
    case "ENOENT":
    case "ECONNREFUSED":
      return `no drtm runs here ${where}: start one, for example with "drtm up", or name its socket with --socket`;
    case "UND_ERR_HEADERS_TIMEOUT":
      return `the drtm here does not answer within ${CONTROL_DEADLINE_MS / 1000} s ${where}: its process is stopped, or has too much to do`;
    case "UND_ERR_RES_EXCEEDED_MAX_SIZE":
      return `the answer is longer than ${MOST_ANSWER_OCTETS} octets ${where}: no drtm says so much`;
    case "EACCES":
      return `not permitted ${where}: be the user who runs that drtm, or root`;
    default:
      return `${message} ${where}: name the socket of a running drtm with --socket`;
  }
}
