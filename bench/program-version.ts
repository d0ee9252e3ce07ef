import { spawnSync } from "node:child_process";
import { requireProgram } from "../test/support/program.ts";

/** What a program says of itself in its first line, such as `NSD version 4.6.1`. */
export function versionOf(program: string, option: string): string {
  const { stdout, stderr } = spawnSync(requireProgram(program, program), [option], { encoding: "utf8" });
  return `${stdout}${stderr}`.split("\n")[0]!.trim();
}
