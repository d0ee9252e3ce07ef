import { constants as memory } from "node:buffer";
import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { ConfigError } from "./config-error.ts";

/** Of text that the runtime takes: half a gigabyte. */
const MOST_OCTETS = memory.MAX_STRING_LENGTH;

/** The text of a UTF-8 file. Throws ConfigError. */
export function readTextFile(file: string): string {
  return decodeText(readOctets(file), file);
}

/** What keeps a file from being read, and what to do; undefined where nothing does. */
export function fileProblem(file: string): string | undefined {
  try {
    if (statSync(file).isDirectory()) return "is a directory: name a file";
    accessSync(file, constants.R_OK);
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return "does not exist: create it, or correct its name";
    return code === "EACCES" ? "may not be read by this user: change its owner or mode" : message;
  }
}

function readOctets(file: string): Uint8Array {
  const problem = fileProblem(file);
  if (problem !== undefined) throw new ConfigError([`${file} ${problem}`]);
  const { size } = statSync(file);
  if (size > MOST_OCTETS) throw new ConfigError([`${file} has ${size} octets, and at most ${MOST_OCTETS} can be read: is it another file?`]);
  return readFileSync(file);
}

function decodeText(octets: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(octets);
  } catch {
    throw new ConfigError([`${file}: is not UTF-8 text: is it another file, or in another encoding?`]);
  }
}
