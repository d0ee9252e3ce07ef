import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Where another's program is; undefined where it is not installed. */
export function findProgram(name: string): string | undefined {
  const places = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  return places.map((place) => join(place, name)).find(isExecutable);
}

/** Whether tests of a program run: where it is installed, and in CI always, so that one that is missing there is a failure. */
export function isWanted(program: string): boolean {
  return process.env["CI"] !== undefined || findProgram(program) !== undefined;
}

/** Where a program is; throws with the package to install where it is missing. */
export function requireProgram(program: string, from: string): string {
  const path = findProgram(program);
  if (path === undefined) throw new Error(`${program} is not installed (apt install ${from}): in CI it must be`);
  return path;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
