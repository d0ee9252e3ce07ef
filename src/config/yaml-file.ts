import { type Document, LineCounter, isMap, isNode, isScalar, parseDocument } from "yaml";
import { ConfigError } from "./config-error.ts";
import type { Fault, Path } from "./faults.ts";
import { type Field, WRONG } from "./field.ts";
import { readTextFile } from "./text-file.ts";

/** What a kind of file must look like. */
export interface FileForm<T> {
  /** What this value is held to; undefined where that cannot be told. */
  readonly partFor: (value: unknown) => Field<T> | undefined;
  /** Said of a file that has no such shape at all. */
  readonly shapeFault: Fault;
}

/** A file that has the form asked for. */
export interface YamlFile<T> {
  readonly value: T;
  /** Puts file and line before faults that were found later, in line order. */
  readonly refuse: (faults: readonly Fault[]) => ConfigError;
}

/** Throws ConfigError with every fault found. */
export function readYamlFile<T>(file: string, form: FileForm<T>): YamlFile<T> {
  return parseYamlText(readTextFile(file), file, form);
}

/** `file` is its name in messages. Throws ConfigError with every fault found. */
export function parseYamlText<T>(text: string, file: string, form: FileForm<T>): YamlFile<T> {
  const lines = new LineCounter();
  const document = parseYaml(text, file, lines);
  const value = valueOf(document, file);
  const circle = circleIn(value);
  if (circle !== undefined) throw new ConfigError([`${file}:${lineOf(document, lines, circle)}: not valid YAML: an alias of something that it is in: write out what is meant`]);
  const refuse = (faults: readonly Fault[]): ConfigError => {
    const placed = faults.map((fault) => ({ line: lineOf(document, lines, fault.path), text: fault.text })).toSorted((a, b) => a.line - b.line);
    return new ConfigError([...new Set(placed.map((fault) => `${file}:${fault.line}: ${fault.text}`))]);
  };
  const part = typeof value === "object" && value !== null && !Array.isArray(value) ? form.partFor(value) : undefined;
  if (part === undefined) throw refuse([form.shapeFault]);
  const faults: Fault[] = [];
  const taken = part.take(value, [], faults);
  if (taken === WRONG || faults.length > 0) throw refuse(faults);
  return { value: taken, refuse };
}

export function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}

/** In our words, where the library's would not help. */
const YAML_FAULTS: Readonly<Record<string, string>> = {
  RESOURCE_EXHAUSTION: "nested too deeply",
  NON_STRING_KEY: "a key that is no text",
  MULTIPLE_DOCS: "several documents in one file: keep one, and move the others to files of their own",
};

/** What the library only warns of, such as an unknown tag, is a fault too. */
function parseYaml(text: string, file: string, lines: LineCounter): Document {
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true, logLevel: "error" });
  const [broken] = [...document.errors, ...document.warnings];
  if (broken === undefined) return document;
  throw new ConfigError([`${file}:${lines.linePos(broken.pos[0]).line}: not valid YAML: ${YAML_FAULTS[broken.code] ?? broken.message}`]);
}

/** Aliases are followed only here: unknown ones, and too many, are found late. */
function valueOf(document: Document, file: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    const { message } = error as Error;
    throw new ConfigError([`${file}: not valid YAML: ${message.startsWith("Excessive") ? "too many aliases of aliases: write out what is meant" : message}`]);
  }
}

/** Where a value has something that it is a part of itself; each part is looked at once, in however many places it is. */
function circleIn(value: unknown, path: Path = [], around = new Set<unknown>(), seen = new Set<unknown>()): Path | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (around.has(value)) return path;
  if (seen.has(value)) return undefined;
  seen.add(value);
  around.add(value);
  for (const [key, inner] of Object.entries(value)) {
    const circle = circleIn(inner, [...path, Array.isArray(value) ? Number(key) : key], around, seen);
    if (circle !== undefined) return circle;
  }
  around.delete(value);
  return undefined;
}

/** The line of the innermost part of the path that the file has. */
function lineOf(document: Document, lines: LineCounter, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const node = nodeAt(document, path.slice(0, length));
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

/** A key of a mapping, or an item of a sequence. */
function nodeAt(document: Document, path: Path): unknown {
  const last = path.at(-1);
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (isMap(parent)) return parent.items.find(({ key }) => isScalar(key) && key.value === last)?.key;
  return document.getIn(path, true);
}
