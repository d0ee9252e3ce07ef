import { dirname, join, resolve } from "node:path";
import type { Fault, Path } from "./faults.ts";
import { type Config, type QsrConfig, SCHEMAS } from "./schema.ts";
import { fileProblem } from "./text-file.ts";
import { type FileForm, deepFreeze, parseYamlText, readYamlFile } from "./yaml-file.ts";

/** What the kernel takes, without the zero at the end: unix(7). */
const LONGEST_SOCKET_PATH = 107;

const FORM: FileForm<Config> = {
  partFor: (value) => {
    const role = String((value as { role?: unknown }).role);
    return Object.hasOwn(SCHEMAS, role) ? SCHEMAS[role as keyof typeof SCHEMAS] : undefined;
  },
  shapeFault: { path: ["role"], text: `role must be ${Object.keys(SCHEMAS).map((role) => `"${role}"`).join(" or ")}` },
};

/** Reads and checks a configuration file; paths in it are resolved relative to it, and are such that can be used. Throws ConfigError. */
export function loadConfig(file: string): Config {
  const { value: config, refuse } = readYamlFile(file, FORM);
  const place = (path: string): string => resolve(dirname(file), path);
  const socket = config.control.socket === undefined ? undefined : place(config.control.socket);
  const mapping = config.role === "qsa" ? config.mapping.map(place) : [];
  const dns = config.role === "qsr" ? placedDns(config.dns, place) : undefined;
  const faults = [...mapping.flatMap((path, index) => fileFaults(path, ["mapping", index])), ...caFaults(dns), ...socketFaults(socket)];
  if (faults.length > 0) throw refuse(faults);
  const control = socket === undefined ? {} : { socket };
  if (config.role === "qsc") return deepFreeze({ ...config, control });
  if (config.role === "qsr") return deepFreeze({ ...config, control, dns: dns!, state: stateOf(config.state.directory, place) });
  return deepFreeze({ ...config, control, mapping, changes: place(config.changes ?? defaultChanges(mapping[0]!)) });
}

/** Checks configuration text alone; `file` is its name in messages. Throws ConfigError with every fault found. */
export function parseConfig(text: string, file: string): Config {
  return deepFreeze(parseYamlText(text, file, FORM).value);
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

/** With the files of CA certificates where they are. */
function placedDns(dns: QsrConfig["dns"], place: (path: string) => string): QsrConfig["dns"] {
  const registries = dns.registries.map((registry) => ({
    ...registry,
    primaries: registry.primaries.map((primary) => (primary.tls?.ca === undefined ? primary : { ...primary, tls: { ...primary.tls, ca: place(primary.tls.ca) } })),
  }));
  return { ...dns, registries };
}

function caFaults(dns: QsrConfig["dns"] | undefined): Fault[] {
  return (dns?.registries ?? []).flatMap(({ primaries }, registry) =>
    primaries.flatMap(({ tls }, primary) => (tls?.ca === undefined ? [] : fileFaults(tls.ca, ["dns", "registries", registry, "primaries", primary, "tls", "ca"]))),
  );
}

function socketFaults(path = ""): Fault[] {
  if (Buffer.byteLength(path) <= LONGEST_SOCKET_PATH) return [];
  return [{ path: ["control", "socket"], text: `"control.socket": ${path} is longer than the ${LONGEST_SOCKET_PATH} octets that a socket's path may have: choose a shorter one` }];
}

/** What keeps a file from being read. */
function fileFaults(file: string, path: Path): Fault[] {
  const problem = fileProblem(file);
  return problem === undefined ? [] : [{ path, text: `"${path.join(".")}": ${file} ${problem}` }];
}
