import { RdataError, RecordType, type ResourceRecord, isSubdomain, printable, typeName } from "../records/index.ts";
import { TEXT_FORMS, formatGenericText } from "./text-forms.ts";

export interface ZoneWriterOptions {
  readonly apex: string;
  /** Lines of comment at the top, without `;`. */
  readonly heading?: readonly string[];
  /** Lines of comment above the first record of an owner. */
  readonly notes?: ReadonlyMap<string, readonly string[]>;
}

const LINE_WIDTH = 118;
/** A record that is a little longer reads better in one line. */
const MOST_IN_ONE_LINE = 132;
const OWNER_WIDTH = 24;
const TYPE_WIDTH = 6;
const INDENT = " ".repeat(OWNER_WIDTH + TYPE_WIDTH);
const SOA_FIELDS = ["serial", "refresh", "retry", "expire", "minimum"];

/** A zone file with relative names, in the order of the records; the most frequent TTL becomes $TTL. */
export function formatZoneFile(records: readonly ResourceRecord[], { apex, heading = [], notes }: ZoneWriterOptions): string {
  const defaultTtl = mostFrequentTtl(records);
  const relative = (name: string): string => relativeName(name, apex);
  const lines = [...heading.map(comment), `$ORIGIN ${apex}`, `$TTL ${defaultTtl}`];
  let owner = "";
  for (const record of records) {
    const isNew = record.name !== owner;
    if (isNew) lines.push("", ...(notes?.get(record.name) ?? []).map(comment));
    owner = record.name;
    const ttl = record.ttl === defaultTtl ? "" : `${record.ttl} `;
    const head = `${(isNew ? relative(owner) : "").padEnd(OWNER_WIDTH - 1)} ${ttl}${typeText(record).padEnd(TYPE_WIDTH - 1)} `;
    lines.push(...formatData(head, record, relative));
  }
  return `${lines.join("\n")}\n`;
}

/** `@` for the apex itself, absolute where the name is not below it. */
function relativeName(name: string, apex: string): string {
  if (name === apex) return "@";
  if (apex === "." || !isSubdomain(name, apex)) return name;
  return name.slice(0, -apex.length - 1);
}

function formatData(head: string, record: ResourceRecord, relative: (name: string) => string): string[] {
  const words = dataWords(record, relative);
  if (record.type === RecordType.SOA && words[0] !== "\\#") return soaLines(head, words);
  const line = `${head}${words.join(" ")}`;
  return line.length <= MOST_IN_ONE_LINE || words.length < 2 ? [line] : [`${head}(`, ...wrap(words), `${INDENT})`];
}

function dataWords({ type, data }: ResourceRecord, relative: (name: string) => string): string[] {
  try {
    return TEXT_FORMS.get(type)?.format(data, relative) ?? formatGenericText(data);
  } catch (error) {
    if (!(error instanceof RdataError)) throw error;
    return formatGenericText(data);
  }
}

function typeText({ type }: ResourceRecord): string {
  return TEXT_FORMS.has(type) ? typeName(type) : `TYPE${type}`;
}

function soaLines(head: string, [mname, rname, ...numbers]: readonly string[]): string[] {
  const fields = numbers.map((number, index) => `${INDENT}${number.padEnd(11)}; ${SOA_FIELDS[index]}`);
  return [`${head}${mname} ${rname} (`, ...fields, `${INDENT})`];
}

function wrap(words: readonly string[]): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of words) {
    if (line !== "" && INDENT.length + line.length + 1 + word.length > LINE_WIDTH) {
      lines.push(INDENT + line);
      line = "";
    }
    line += line === "" ? word : ` ${word}`;
  }
  return [...lines, INDENT + line];
}

/** Whatever it holds, it ends with its line. */
function comment(line: string): string {
  return line === "" ? ";" : `; ${printable(line, Infinity)}`;
}

function mostFrequentTtl(records: readonly ResourceRecord[]): number {
  const counts = new Map<number, number>();
  for (const { ttl } of records) counts.set(ttl, (counts.get(ttl) ?? 0) + 1);
  return [...counts].toSorted((a, b) => b[1] - a[1])[0]?.[0] ?? 3600;
}
