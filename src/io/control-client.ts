import { Client } from "undici";
import { CONTROL_DEADLINE_MS, ControlError, requireShort } from "./control-place.ts";

/** Asks a running drtm. Throws ControlError with what it said, or when none answers. */
export async function askControl(path: string, method: "GET" | "POST", target: string, body?: object): Promise<unknown> {
  requireShort(path);
  const client = new Client("http://drtm", { socketPath: path, headersTimeout: CONTROL_DEADLINE_MS, bodyTimeout: CONTROL_DEADLINE_MS });
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
    case "EACCES":
      return `not permitted ${where}: be the user who runs that drtm, or root`;
    default:
      return `${message} ${where}: name the socket of a running drtm with --socket`;
  }
}
