import { basename } from "node:path";
import { readTextFile } from "../config/yaml-file.ts";
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
