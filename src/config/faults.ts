import { printable } from "../address/printable.ts";
import { didYouMean } from "./nearest.ts";

/** Of the file's own text in a fault. */
const MOST_CHARACTERS = 40;
/** The key whose value is in no message. */
const SECRET = "secret";

export type Path = readonly PropertyKey[];

/** One thing wrong with a configuration: where, and what to do. */
export interface Fault {
  readonly path: Path;
  readonly text: string;
}

/** Of a value that cannot be taken as it is written. `wanted`: what to write. */
export function wrongValue(path: Path, value: unknown, wanted: string): Fault {
  return { path, text: `"${path.join(".")}" ${problem(path, value, wanted)}` };
}

/** Of a value that has the right form, and is wrong all the same. */
export function wrongMeaning(path: Path, message: string): Fault {
  return { path, text: `"${path.join(".")}" is wrong: ${message}` };
}

/** Of keys that nothing is known of, beside those that are known. */
export function unknownKeys(path: Path, keys: readonly string[], known: readonly string[]): Fault[] {
  if (keys.length === 0) return [];
  // "secret:x" without a blank is a key.
  if (known.includes(SECRET)) return [{ path, text: `"${path.join(".")}" has an unknown key: its keys are ${known.join(", ")}, each with a blank after its colon` }];
  return keys.map((key) => ({ path: [...path, key], text: `unknown key "${[...path, printable(key, MOST_CHARACTERS)].join(".")}"${didYouMean(key, known)}` }));
}

function problem(path: Path, value: unknown, wanted: string): string {
  if (value === undefined) return `is missing: ${wanted}`;
  if (value === null) return `has no value: ${wanted}, or leave the key out`;
  if (path.at(-1) === SECRET) return `is wrong: ${wanted}`;
  return `is wrong (${shown(value)}): ${wanted}${isSeconds(path) && hasUnit(value) ? ", without a unit: the key's name has it" : ""}`;
}

function shown(value: unknown): string {
  return printable(JSON.stringify(value), MOST_CHARACTERS);
}

function isSeconds(path: Path): boolean {
  return String(path.at(-1)).endsWith("Seconds");
}

/** `30s`, `5 min`: a number that people add a unit to. */
function hasUnit(value: unknown): boolean {
  return typeof value === "string" && /^\d+(\.\d+)?\s*[a-zA-Z]+$/.test(value);
}
