import { readFileSync } from "node:fs";
import { type Document, LineCounter, isMap, isNode, isScalar, parseDocument } from "yaml";
import { z } from "zod";
import { didYouMean } from "./nearest.ts";
import { type Config, configSchema, qsaSchema, qsrSchema } from "./schema.ts";

/** A configuration that cannot be used; one line for each fault, with file, line, path and what to do. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly code = "DRTM_CONFIG";
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join("\n"));
    this.faults = faults;
  }
}

/** Reads and checks a configuration file. Throws ConfigError with every fault found. */
export function loadConfig(file: string): Config {
  return parseConfig(decodeText(readOctets(file), file), file);
}

/** Checks configuration text; `file` is its name in messages. Throws ConfigError. */
export function parseConfig(text: string, file: string): Config {
  const lines = new LineCounter();
  const document = parseYaml(text, file, lines);
  const value = valueOf(document, file);
  const result = configSchema.safeParse(value);
  if (result.success) return deepFreeze(result.data);
  const where = (path: readonly PropertyKey[]): string => `${file}:${lineOf(document, lines, path)}`;
  throw new ConfigError(result.error.issues.flatMap((issue) => describe(issue, value, where)));
}

function readOctets(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new ConfigError([`${file}: cannot be read: ${(error as Error).message}`]);
  }
}

function decodeText(octets: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(octets);
  } catch {
    throw new ConfigError([`${file}: is not UTF-8 text: is it another file, or in another encoding?`]);
  }
}

/** In our words, where the library's would not help. */
const YAML_FAULTS: Readonly<Record<string, string>> = {
  RESOURCE_EXHAUSTION: "nested too deeply",
  NON_STRING_KEY: "a key that is no text",
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
    throw new ConfigError([`${file}: not valid YAML: ${(error as Error).message}`]);
  }
}

type Issue = z.core.$ZodIssue;

function describe(issue: Issue, value: unknown, where: (path: readonly PropertyKey[]) => string): string[] {
  const path = issue.path;
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(value, path);
    return issue.keys.map((key) => `${where([...path, key])}: unknown key "${[...path, key].join(".")}"${didYouMean(key, known)}`);
  }
  if (issue.code === "invalid_union" || path.length === 0) return [`${where(["role"])}: role must be "qsr" or "qsa"`];
  const what = `"${path.join(".")}"`;
  const missing = issue.code === "invalid_type" && valueAt(value, path) === undefined;
  return [`${where(path)}: ${what} ${missing ? `is missing (${issue.message})` : `is wrong: ${issue.message}`}`];
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
}

/** The keys that may stand at a path, as the schema has them. */
function knownKeys(value: unknown, path: readonly PropertyKey[]): string[] {
  const schema = (value as { role?: unknown } | null)?.role === "qsa" ? qsaSchema : qsrSchema;
  let at = z.toJSONSchema(schema, { io: "input" }) as JsonSchema | undefined;
  for (const step of path) at = typeof step === "number" ? at?.items : at?.properties?.[String(step)];
  return Object.keys(at?.properties ?? {});
}

/** The line of the innermost part of the path that the file has. */
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const node = nodeAt(document, path.slice(0, length));
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

/** A key of a mapping, or an item of a sequence. */
function nodeAt(document: Document, path: readonly PropertyKey[]): unknown {
  const last = path.at(-1);
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (isMap(parent)) return parent.items.find(({ key }) => isScalar(key) && key.value === last)?.key;
  return document.getIn(path, true);
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce((inner: unknown, step) => (inner as Record<PropertyKey, unknown> | undefined)?.[step], value);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
