import { AddressError } from "../../address/index.ts";
import { RdataError, RecordType, type ResourceRecord, decodeSoa, typeFromName, typeName } from "../records/index.ts";
import { ZoneFileError } from "./error.ts";
import { Fields, isDuration } from "./fields.ts";
import { TEXT_FORMS, parseGenericText } from "./text-forms.ts";
import { type Entry, readEntries } from "./tokens.ts";
import { ZoneCollector, type ZoneFile } from "./zone-collector.ts";

const MOST_DATA_OCTETS = 0xffff;

export interface ZoneFileOptions {
  /** The file's name, for messages. */
  readonly file: string;
  /** What $ORIGIN is before the file sets one. */
  readonly origin?: string;
}

/** What holds from one entry to the next. */
export interface Context {
  readonly file: string;
  origin: string | undefined;
  owner: string | undefined;
  /** From $TTL (RFC 2308 section 4); without one, that of the record before (RFC 1035 section 5.1). */
  defaultTtl: number | undefined;
  lastTtl: number | undefined;
}

/** Reads a zone in master file format (RFC 1035 section 5). Throws ZoneFileError. */
export function parseZoneFile(text: string, { file, origin }: ZoneFileOptions): ZoneFile {
  const context = newContext(file, origin);
  const zone = new ZoneCollector(file);
  for (const entry of readEntries(text, file)) {
    const record = readEntry(context, entry);
    if (record !== undefined) zone.add(record, entry.line);
  }
  return zone.finish();
}

/** The data of one record of this type, as a zone file has it, names absolute. Throws ZoneFileError. */
export function parseRecordData(text: string, type: number, file: string): Uint8Array {
  const [entry, second] = [...readEntries(text, file)];
  if (entry === undefined) throw new ZoneFileError(file, 1, "it is empty");
  if (second !== undefined) throw new ZoneFileError(file, second.line, "a second record: give one");
  const fields = new Fields(file, entry, undefined);
  return namingFields(fields, () => {
    const data = readData(fields, type);
    fields.end();
    return data;
  });
}

export function newContext(file: string, origin: string | undefined): Context {
  return { file, origin, owner: undefined, defaultTtl: undefined, lastTtl: undefined };
}

/** The record of an entry; undefined for a directive. Throws ZoneFileError. */
export function readEntry(context: Context, entry: Entry): ResourceRecord | undefined {
  const fields = new Fields(context.file, entry, context.origin);
  const first = entry.tokens[0]!;
  const isDirective = !entry.indented && !first.quoted && first.text.startsWith("$");
  return namingFields(fields, () => (isDirective ? readDirective(context, fields) : readRecord(context, fields, entry.indented)));
}

/** What is wrong with a field becomes an error that names file and line. */
function namingFields<T>(fields: Fields, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RdataError) return fields.fail(`${error.subject} ${error.problem}`, error);
    if (error instanceof AddressError) return fields.fail(error.message, error);
    throw error;
  }
}

function readDirective(context: Context, fields: Fields): undefined {
  const directive = fields.word("directive").toUpperCase();
  if (directive === "$ORIGIN") context.origin = fields.name("origin");
  else if (directive === "$TTL") context.defaultTtl = fields.seconds("TTL");
  else if (directive === "$INCLUDE" || directive === "$GENERATE") fields.fail(`${directive} is not supported: put the records into this file`);
  else fields.fail(`${directive} is no directive: $ORIGIN and $TTL are`);
  fields.end();
}

function readRecord(context: Context, fields: Fields, indented: boolean): ResourceRecord {
  if (!indented) context.owner = fields.name("owner");
  const name = context.owner ?? fields.fail("a record without an owner, and none before it: write one at the start of the line");
  const explicitTtl = readTtlAndClass(fields);
  const type = readType(fields);
  const data = readData(fields, type);
  fields.end();
  const ttl = explicitTtl ?? context.defaultTtl ?? context.lastTtl ?? soaTtl(type, data);
  if (ttl === undefined) return fields.fail("the record has no TTL: write $TTL 3600 at the start of the file");
  context.lastTtl = ttl;
  return { name, type, ttl, data };
}

/** TTL and class, both optional, in either order. */
function readTtlAndClass(fields: Fields): number | undefined {
  let ttl: number | undefined;
  let classSeen = false;
  for (;;) {
    const text = fields.peek()?.text ?? "";
    if (ttl === undefined && isDuration(text)) {
      ttl = fields.seconds("TTL");
    } else if (!classSeen && /^(?:IN|CH|HS|CS|CLASS\d+)$/i.test(text)) {
      if (!/^(?:IN|CLASS1)$/i.test(fields.word("class"))) fields.fail(`class ${text} is not served: only IN is`);
      classSeen = true;
    } else {
      return ttl;
    }
  }
}

function readType(fields: Fields): number {
  const text = fields.word("type");
  const type = typeFromName(text.toUpperCase());
  if (type === undefined) return fields.fail(`"${text}" is no known type: write TYPEn \\# length data (RFC 3597)`);
  return type;
}

function readData(fields: Fields, type: number): Uint8Array {
  const data = parseData(fields, type);
  // RDLENGTH has 16 bits (RFC 1035 section 3.2.1).
  if (data.length > MOST_DATA_OCTETS) fields.fail(`the data have ${data.length} octets, a record has room for ${MOST_DATA_OCTETS}: make several records of it`);
  return data;
}

function parseData(fields: Fields, type: number): Uint8Array {
  const next = fields.peek();
  if (next?.text === "\\#" && !next.quoted) {
    fields.token("\\#");
    return parseGenericText(fields);
  }
  const form = TEXT_FORMS.get(type);
  if (form !== undefined) return form.parse(fields);
  return fields.fail(`${typeName(type)} data has no text form here: write TYPE${type} \\# length data (RFC 3597)`);
}

/** RFC 1035's own rule: a zone without any TTL uses the minimum of its SOA. */
function soaTtl(type: number, data: Uint8Array): number | undefined {
  return type === RecordType.SOA ? decodeSoa(data).minimum : undefined;
}
