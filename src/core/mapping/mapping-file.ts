import { AddressError, type Family, type Prefix, type Range } from "../../address/index.ts";
import { compareKeys, formatIp, formatPrefix, formatRange, parseIp, parsePrefix, parseRange } from "../../address/index.ts";
import { printable } from "../../address/printable.ts";
import { MabTable } from "../mabs/mab-table.ts";
import type { MabMapping } from "./mapping-store.ts";
import type { Micronet } from "./micronet-table.ts";
import { NO_PREFIX, Segment } from "../tables/segment-table.ts";

/** The mapping that a QSA without a store starts from: docs/zones.md. */
export interface MappingFile {
  readonly mabs: readonly MabMapping[];
  /** Longer MABs inside these that other servers answer for: they end gaps, and no micronet may reach into them. */
  readonly elsewhere: readonly Prefix[];
}

/** A problem quotes the file, which may hold anything. */
const MOST_CHARACTERS = 300;

/** A mapping file that cannot be used. The message names file, line and fault. */
export class MappingFileError extends Error {
  override readonly name = "MappingFileError";
  readonly code = "DRTM_MAPPING_FILE";
  readonly file: string;
  readonly line: number;

  constructor(file: string, line: number, problem: string, options?: ErrorOptions) {
    super(`${file}:${line}: ${printable(problem, MOST_CHARACTERS)}`, options);
    this.file = file;
    this.line = line;
  }
}

export interface MappingFileNotes {
  /** Comment lines at the top, without `#`. */
  readonly heading?: readonly string[];
  /** Comment lines above a MAB, by its prefix as text. */
  readonly mabs?: ReadonlyMap<string, string>;
}

interface MabEntry extends MabMapping {
  readonly line: number;
  readonly micronets: MicronetEntry[];
}

interface MicronetEntry extends Micronet {
  readonly line: number;
}

interface ElsewhereEntry {
  readonly prefix: Prefix;
  readonly line: number;
}

interface Reading {
  readonly file: string;
  readonly mabs: MabEntry[];
  readonly elsewhere: ElsewhereEntry[];
}

const MOST_LINEAGE = 0xffffffff;
const RANGE_WIDTH = 40;

/**
 * Reads `mab` lines, each followed by its micronets in any order, and `elsewhere` lines; `file` is the name for messages.
 * Throws MappingFileError.
 */
export function parseMappingFile(text: string, file: string): MappingFile {
  const reading: Reading = { file, mabs: [], elsewhere: [] };
  for (const [index, line] of text.split("\n").entries()) {
    const words = withoutComment(line).match(/\S+/g);
    if (words !== null) readLine(words, reading, index + 1);
  }
  const { mabs, elsewhere } = reading;
  requireDistinct([...mabs, ...elsewhere], file);
  requireInPlace(reading);
  requireInside(reading);
  requireDisjoint(mabs, file);
  return { mabs: mabs.map(withoutLines), elsewhere: elsewhere.map(({ prefix }) => prefix) };
}

/** The same as text, MABs and micronets in the order given. A version that is the MAB's position is left out. */
export function formatMappingFile({ mabs, elsewhere }: MappingFile, notes: MappingFileNotes = {}): string {
  const lines = (notes.heading ?? []).map((line) => `# ${line}`.trimEnd());
  if (elsewhere.length > 0) lines.push("", ...elsewhere.map((prefix) => `elsewhere ${formatPrefix(prefix)}`));
  for (const { prefix, lineage, position, micronets } of mabs) {
    const text = formatPrefix(prefix);
    const note = notes.mabs?.get(text);
    lines.push("", ...(note === undefined ? [] : [`# ${note}`]), `mab ${text} lineage ${lineage} position ${position}`);
    for (const { range, etr, version } of micronets) {
      lines.push(`${formatRange(range).padEnd(RANGE_WIDTH)} ${formatIp(etr)}${version === position ? "" : ` ${version}`}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

function withoutComment(line: string): string {
  const start = line.indexOf("#");
  return start < 0 ? line : line.slice(0, start);
}

function readLine(words: readonly string[], { file, mabs, elsewhere }: Reading, line: number): void {
  try {
    const mab = mabs.at(-1);
    if (words[0] === "mab") mabs.push(readMab(words, file, line));
    else if (words[0] === "elsewhere") elsewhere.push(readElsewhere(words, file, line));
    else if (mab === undefined) throw new MappingFileError(file, line, 'a micronet before any MAB: write a "mab" line first');
    else mab.micronets.push(readMicronet(words, mab, file, line));
  } catch (error) {
    if (error instanceof AddressError) throw new MappingFileError(file, line, error.message, { cause: error });
    throw error;
  }
}

function readElsewhere(words: readonly string[], file: string, line: number): ElsewhereEntry {
  if (words.length !== 2) throw new MappingFileError(file, line, 'not a MAB of others: write "elsewhere 192.0.2.0/28"');
  return { prefix: parsePrefix(words[1]!), line };
}

function readMab(words: readonly string[], file: string, line: number): MabEntry {
  const [, prefix, lineageWord, lineage, positionWord, position] = words;
  if (words.length !== 6 || lineageWord !== "lineage" || positionWord !== "position") {
    throw new MappingFileError(file, line, 'not a MAB: write "mab 192.0.2.0/24 lineage 1 position 1"');
  }
  return {
    line,
    prefix: parsePrefix(prefix!),
    lineage: readNumber(lineage!, "lineage", MOST_LINEAGE, file, line),
    position: readNumber(position!, "position", Number.MAX_SAFE_INTEGER, file, line),
    micronets: [],
  };
}

function readMicronet(words: readonly string[], mab: MabEntry, file: string, line: number): MicronetEntry {
  const [range, etr, version] = words;
  if (etr === undefined || words.length > 3) {
    throw new MappingFileError(file, line, 'not a micronet: write "192.0.2.0-192.0.2.99 203.0.113.7", and a version if need be');
  }
  return {
    line,
    range: parseRange(range!),
    etr: parseIp(etr),
    version: version === undefined ? mab.position : readNumber(version, "version", mab.position, file, line),
  };
}

/** A version above the position of its MAB is a change not yet made. */
function readNumber(text: string, what: string, most: number, file: string, line: number): number {
  const value = Number(text);
  if (!/^\d{1,16}$/.test(text) || value > most) {
    throw new MappingFileError(file, line, `"${text}" is no ${what}: write a whole number from 0 to ${most}`);
  }
  return value;
}

function requireDistinct(mabs: readonly ElsewhereEntry[], file: string): void {
  const lines = new Map<string, number>();
  for (const { prefix, line } of mabs) {
    const text = formatPrefix(prefix);
    const before = lines.get(text);
    if (before !== undefined) throw new MappingFileError(file, line, `MAB ${text} is already on line ${before}: list it once`);
    lines.set(text, line);
  }
}

/** Every micronet lies where its own MAB is the longest match. */
function requireInPlace({ file, mabs, elsewhere }: Reading): void {
  const prefixes = [...mabs, ...elsewhere].map(({ prefix }) => prefix);
  const table = new MabTable(prefixes);
  const segment = new Segment();
  for (const [index, { prefix, micronets }] of mabs.entries()) {
    for (const { range, line } of micronets) {
      table.find(range.family, range.first.hi, range.first.lo, segment);
      const ends = compareKeys(range.last.hi, range.last.lo, segment.lastHi, segment.lastLo) <= 0;
      if (segment.prefix !== index || !ends) throw new MappingFileError(file, line, misplaced(range, prefix, prefixes, segment.prefix));
    }
  }
}

function requireInside({ file, mabs, elsewhere }: Reading): void {
  const table = new MabTable(mabs.map(({ prefix }) => prefix));
  for (const { prefix, line } of elsewhere) {
    const outer = table.match(prefix.family, prefix.hi, prefix.lo);
    if (outer === NO_PREFIX || mabs[outer]!.prefix.length > prefix.length) {
      throw new MappingFileError(file, line, `${formatPrefix(prefix)} is in no MAB of this file: remove the line`);
    }
  }
}

function misplaced(range: Range, prefix: Prefix, prefixes: readonly Prefix[], match: number): string {
  const inner = match === NO_PREFIX ? undefined : prefixes[match];
  const nested = inner !== undefined && inner.length > prefix.length ? inner : undefined;
  if (nested !== undefined) return `micronet ${formatRange(range)} lies in MAB ${formatPrefix(nested)}: list it there`;
  return `micronet ${formatRange(range)} is not within MAB ${formatPrefix(prefix)}, or reaches into a longer MAB inside it`;
}

function requireDisjoint(mabs: readonly MabEntry[], file: string): void {
  const all = mabs.flatMap((mab) => mab.micronets);
  for (const family of [4, 6] as const) requireDisjointOf(family, all, file);
}

function requireDisjointOf(family: Family, all: readonly MicronetEntry[], file: string): void {
  const micronets = all.filter(({ range }) => range.family === family);
  const sorted = micronets.toSorted((a, b) => compareKeys(a.range.first.hi, a.range.first.lo, b.range.first.hi, b.range.first.lo));
  for (const [index, { range, line }] of sorted.entries()) {
    const before = sorted[index - 1];
    if (before !== undefined && compareKeys(range.first.hi, range.first.lo, before.range.last.hi, before.range.last.lo) <= 0) {
      const [first, second] = [line, before.line].toSorted((a, b) => a - b);
      throw new MappingFileError(file, second!, `micronets ${formatRange(before.range)} and ${formatRange(range)} overlap (line ${first})`);
    }
  }
}

function withoutLines({ prefix, lineage, position, micronets }: MabEntry): MabMapping {
  return { prefix, lineage, position, micronets: micronets.map(({ range, etr, version }) => ({ range, etr, version })) };
}
