import { lstatSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { ControlError } from "./control-error.ts";

/** For one request. */
export const CONTROL_DEADLINE_MS = 5_000;
/** What the kernel takes, without the zero at the end: unix(7). */
const LONGEST_PATH = 107;

const OTHERS_WRITE = 0o022;
/** In such a directory only the owner of a file can remove it: /tmp is one. */
const STICKY = 0o1000;

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

/** Throws ControlError for a directory that another user owns or may write: there that user could put a socket of their own. */
export function requirePrivate(directory: string): void {
  const inside = statSync(directory);
  if ([inside, lstatSync(directory)].some(({ uid }) => uid !== process.getuid?.() && uid !== 0)) {
    throw new ControlError(403, `${directory} belongs to another user: choose another control socket`);
  }
  if ((inside.mode & OTHERS_WRITE) !== 0 && (inside.mode & STICKY) === 0) {
    throw new ControlError(403, `other users can write to ${directory}: choose another control socket, or take that right away (chmod go-w)`);
  }
}
