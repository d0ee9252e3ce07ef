import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type Document, LineCounter, isMap, isNode, isScalar, parseDocument } from "yaml";
import { type Fault, type Path, faultsOf } from "./faults.ts";
import { type Config, configSchema } from "./schema.ts";

/** What the kernel takes, without the zero at the end: unix(7). */
const LONGEST_SOCKET_PATH = 107;

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

/** Reads and checks a configuration file; paths in it are resolved relative to it, and are such that can be used. Throws ConfigError. */
export function loadConfig(file: string): Config {
  const { config, refuse } = read(decodeText(readOctets(file), file), file);
  const place = (path: string): string => resolve(dirname(file), path);
  const socket = config.control.socket === undefined ? undefined : place(config.control.socket);
  const mapping = config.role === "qsa" ? config.mapping.map(place) : [];
  const faults = [...mapping.flatMap((path, index) => fileFaults(path, ["mapping", index])), ...socketFaults(socket)];
  if (faults.length > 0) throw refuse(faults);
  const control = socket === undefined ? {} : { socket };
  if (config.role === "qsc") return deepFreeze({ ...config, control });
  if (config.role === "qsr") return deepFreeze({ ...config, control, state: stateOf(config.state.directory, place) });
  return deepFreeze({ ...config, control, mapping, changes: place(config.changes ?? defaultChanges(mapping[0]!)) });
}

/** Checks configuration text alone; `file` is its name in messages. Throws ConfigError with every fault found. */
export function parseConfig(text: string, file: string): Config {
  return deepFreeze(read(text, file).config);
}

/** Where a service keeps its state, by the service manager's word; otherwise beside the mapping. */
function defaultChanges(mapping: string): string {
  const directory = process.env["STATE_DIRECTORY"];
  return directory === undefined || directory === "" ? `${mapping}.changes` : join(directory, "changes.txt");
}

/** Where a QSR keeps its state: as configured, or by the service manager's word; otherwise nowhere. */
function stateOf(configured: string | undefined, place: (path: string) => string): { directory?: string } {
  if (configured !== undefined) return { directory: place(configured) };
  const directory = process.env["STATE_DIRECTORY"];
  return directory === undefined || directory === "" ? {} : { directory };
}

interface Reading {
  readonly config: Config;
  /** Puts file and line before faults, in line order. */
  readonly refuse: (faults: readonly Fault[]) => ConfigError;
}

function read(text: string, file: string): Reading {
  const lines = new LineCounter();
  const document = parseYaml(text, file, lines);
  const value = valueOf(document, file);
  const result = configSchema.safeParse(value);
  const refuse = (faults: readonly Fault[]): ConfigError => {
    const placed = faults.map((fault) => ({ line: lineOf(document, lines, fault.path), text: fault.text })).toSorted((a, b) => a.line - b.line);
    return new ConfigError([...new Set(placed.map((fault) => `${file}:${fault.line}: ${fault.text}`))]);
  };
  if (!result.success) throw refuse(result.error.issues.flatMap((issue) => faultsOf(issue, value)));
  return { config: result.data, refuse };
}

function readOctets(file: string): Uint8Array {
  const problem = unreadable(file);
  if (problem !== undefined) throw new ConfigError([`${file} ${problem}`]);
  return readFileSync(file);
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
  MULTIPLE_DOCS: "several documents, and a file configures one server",
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

function socketFaults(path = ""): Fault[] {
  if (Buffer.byteLength(path) <= LONGEST_SOCKET_PATH) return [];
  return [{ path: ["control", "socket"], text: `"control.socket": ${path} is longer than the ${LONGEST_SOCKET_PATH} octets that a socket's path may have: choose a shorter one` }];
}

/** What keeps a file from being read. */
function fileFaults(file: string, path: Path): Fault[] {
  const problem = unreadable(file);
  return problem === undefined ? [] : [{ path, text: `"${path.join(".")}": ${file} ${problem}` }];
}

function unreadable(file: string): string | undefined {
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

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
