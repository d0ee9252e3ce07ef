import { readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { ConfigError } from "../config/config-error.ts";
import { readTextFile } from "../config/text-file.ts";
import { surveyZoneFile } from "../dns/zone-file/index.ts";
import { ZoneView } from "./zone-view.ts";

/** A fault of the text: what is wrong and what to do, in one. */
export interface TextFault {
  readonly source: string;
  readonly line: number;
  readonly problem: string;
}

/** A zone file as far as it can be read. */
export interface ZoneFileReading {
  /** Undefined where the text is faulty: what it lacks would only bring more complaints. */
  readonly view: ZoneView | undefined;
  readonly faults: readonly TextFault[];
}

/** A relative zone file takes its origin from its name, as name servers are told it. Throws ConfigError where there is no file. */
export function readZoneFile(file: string): ZoneFileReading {
  const origin = `${basename(file).replace(/\.(?:zone|db|signed)$/, "").toLowerCase()}.`;
  const { apex, records, faults } = surveyZoneFile(readTextFile(file), { file, origin });
  const view = apex === undefined || faults.length > 0 ? undefined : new ZoneView(file, apex, records);
  return { view, faults: faults.map(({ line, problem }) => ({ source: file, line, problem })) };
}

/** A zone file itself, or those of a directory (*.zone). Throws ConfigError for a directory without any. */
export function filesAt(path: string): string[] {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return [path];
  const files = readdirSync(path).filter((file) => file.endsWith(".zone"));
  if (files.length === 0) throw new ConfigError([`${path} has no zone files (*.zone): name a directory that has, or a file`]);
  return files.toSorted().map((file) => join(path, file));
}
