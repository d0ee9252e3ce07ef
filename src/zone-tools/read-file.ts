import { basename } from "node:path";
import { readTextFile } from "../config/yaml-file.ts";
import { RecordType } from "../dns/records/index.ts";
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
  /** Records of DNSSEC that could not be read; then the others of DNSSEC are left out too. */
  readonly passedOver: number;
}

const DNSSEC: ReadonlySet<number> = new Set([RecordType.RRSIG, RecordType.NSEC, RecordType.DNSKEY, RecordType.ZONEMD]);

/** A relative zone file takes its origin from its name, as name servers are told it. Throws ConfigError where there is no file. */
export function readZoneFile(file: string): ZoneFileReading {
  const origin = `${basename(file).replace(/\.(?:zone|db|signed)$/, "").toLowerCase()}.`;
  const { apex, records, faults, passedOver } = surveyZoneFile(readTextFile(file), { file, origin });
  const kept = passedOver === 0 ? records : records.filter(({ record }) => !DNSSEC.has(record.type));
  const view = apex === undefined || faults.length > 0 ? undefined : new ZoneView(file, apex, kept);
  return { view, faults: faults.map(({ line, problem }) => ({ source: file, line, problem })), passedOver };
}
