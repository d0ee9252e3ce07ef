import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";

/** What a control request asked for and could not have; `status` is HTTP's. */
export class ControlError extends Error {
  override readonly name = "ControlError";
  readonly code = "DRTM_CONTROL";
  readonly status: number;

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** For one request. */
export const CONTROL_DEADLINE_MS = 5_000;
/** What the kernel takes, without the zero at the end: unix(7). */
const LONGEST_PATH = 107;

/** Where the control socket of this user's processes is when nothing else is said. */
export function defaultControlSocket(): string {
  // The XDG specification: a path that is not absolute is to be ignored.
  const runtime = process.env["XDG_RUNTIME_DIR"] ?? "";
  const uid = process.getuid?.() ?? 0;
  return isAbsolute(runtime) ? join(runtime, "drtm", "drtm.sock") : join(tmpdir(), `drtm-${uid}`, "drtm.sock");
}

/** Throws ControlError where the kernel would cut the path. */
export function requireShort(path: string): void {
  if (Buffer.byteLength(path) > LONGEST_PATH) throw new ControlError(400, `the path of the control socket ${path} is longer than ${LONGEST_PATH} octets: choose a shorter one`);
}
