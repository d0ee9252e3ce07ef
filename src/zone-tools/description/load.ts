import { basename, dirname, resolve } from "node:path";
import { formatPrefix } from "../../address/index.ts";
import { ConfigError } from "../../config/config-error.ts";
import type { Fault, Path } from "../../config/faults.ts";
import { fileProblem, readTextFile } from "../../config/text-file.ts";
import { type FileForm, deepFreeze, readYamlFile } from "../../config/yaml-file.ts";
import { crossFaults } from "./cross-checks.ts";
import type { DescribedKeys, DescribedRegistry, DescribedSet, Description, LabelledMab } from "./description.ts";
import { normaliseDs, parseDsFile } from "./ds-data.ts";
import { parseMabFile } from "./mab-file.ts";
import { type DescriptionFile, type RegistryFields, descriptionSchema } from "./schema.ts";

const FORM: FileForm<DescriptionFile> = {
  partFor: () => descriptionSchema,
  shapeFault: { path: [], text: 'no description of zones: it has the keys "registry" and "dsocs" (docs/zones.md)' },
};

/** Reads a description of zones, and the files of MABs and DS data that it names, relative to it. Throws ConfigError with every fault. */
export function loadDescription(file: string): Description {
  const { value, refuse } = readYamlFile(file, FORM);
  const reader = new Reader(file);
  const faults = crossFaults(value);
  const registry = value.registry === undefined ? undefined : reader.registry(value.registry);
  const all = [...refuse([...faults, ...reader.faults]).faults, ...reader.fileFaults];
  if (all.length > 0) throw new ConfigError(all);
  return deepFreeze({ name: basename(file), serial: value.serial, registry, dsocs: value.dsocs });
}

/** Reads the files that a description names, and gathers what is wrong. */
class Reader {
  /** Of the description. */
  readonly faults: Fault[] = [];
  /** Of the files that it names, with file and line. */
  readonly fileFaults: string[] = [];
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  registry(fields: RegistryFields): DescribedRegistry {
    const sets = fields.sets.map((set, index) => this.#set(set, index));
    const keys = fields.keys.map((key, index) => this.#keys(key, index));
    return { ...fields, sets, keys };
  }

  #set({ services, mabs, mabFiles }: RegistryFields["sets"][number], index: number): DescribedSet {
    const inline = mabs.map((prefix) => ({ prefix }));
    const first = new Map(mabs.map((prefix) => [formatPrefix(prefix), this.#file]));
    const listed = mabFiles.flatMap((name, at) => this.#mabFile(name, ["registry", "sets", index, "mabFiles", at], first));
    return { services, mabs: [...inline, ...listed] };
  }

  /** `first` is where each MAB of the set was found first. */
  #mabFile(name: string, path: Path, first: Map<string, string>): LabelledMab[] {
    const { text, file } = this.#text(name, path);
    if (text === undefined) return [];
    const { mabs, faults } = parseMabFile(text, file);
    for (const fault of faults) this.fileFaults.push(fault);
    for (const { prefix, line } of mabs) {
      const key = formatPrefix(prefix);
      const before = first.get(key);
      if (before === undefined) first.set(key, `${file}:${line}`);
      else this.fileFaults.push(`${file}:${line}: ${key} is in this set already (${before}): list it once`);
    }
    return mabs.map(({ prefix, label }) => ({ prefix, label }));
  }

  #keys({ zone, ds, dsFile }: RegistryFields["keys"][number], index: number): DescribedKeys {
    const path = ["registry", "keys", index];
    const inline = ds.flatMap((text, at) => this.#inlineDs(text, [...path, "ds", at]));
    if (dsFile === undefined) return { zone, ds: inline };
    const { text, file } = this.#text(dsFile, [...path, "dsFile"]);
    if (text === undefined) return { zone, ds: inline };
    const read = parseDsFile(text, file, zone);
    this.fileFaults.push(...read.faults);
    return { zone, ds: [...new Set([...inline, ...read.ds])] };
  }

  #inlineDs(text: string, path: Path): string[] {
    try {
      return [normaliseDs(text)];
    } catch (error) {
      this.faults.push({ path, text: (error as Error).message });
      return [];
    }
  }

  #text(name: string, path: Path): { text: string | undefined; file: string } {
    const file = resolve(dirname(this.#file), name);
    const problem = fileProblem(file);
    if (problem === undefined) return { text: readTextFile(file), file };
    this.faults.push({ path, text: `${file} ${problem}` });
    return { text: undefined, file };
  }
}
