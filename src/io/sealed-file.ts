import { createHash, randomBytes } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync, renameSync } from "node:fs";
import { open, readdir, rename, rm, stat } from "node:fs/promises";
import { endianness } from "node:os";
import { basename, dirname, join } from "node:path";
import { syncName } from "./directory-sync.ts";

/** A file that is not what was written into it. It has been set aside; the message says where, and why. */
export class DamagedFileError extends Error {
  override readonly name = "DamagedFileError";
  readonly code = "DRTM_DAMAGED_FILE";
}

/**
 * What a sealed file holds: values, and octets in parts beside them. When it is read, these lie one after another in memory that threads
 * share, the first at a multiple of 8.
 */
export interface Sealed {
  readonly header: unknown;
  readonly parts: readonly Uint8Array[];
}

const MAGIC = "DRTM sealed 1\n";
const DIGEST_OCTETS = 32;
/** Octets of the header's length. */
const LENGTH_OCTETS = 4;
/** Where parts begin: columns of words can be used where they are then. */
const ALIGNMENT = 8;

interface Envelope {
  /** What it is, and of which version: `catalogue 1`. */
  readonly kind: string;
  /** Columns are in the machine's own order of octets. */
  readonly endianness: string;
  readonly header: unknown;
  readonly lengths: readonly number[];
}

/** Tells one writing of a file from all others. */
export interface FileMark {
  readonly ino: number;
  readonly mtimeMs: number;
}

/** What a process that died left beside a file is removed after this long: no writing takes so long. */
const LEFTOVER_MS = 3_600_000;

/** Writes a file so that it is there whole, or as it was before: beside it, to disk, then in its place. Throws the system's errors. */
export async function writeSealed(path: string, kind: string, { header, parts }: Sealed): Promise<FileMark> {
  const envelope: Envelope = { kind, endianness: endianness(), header, lengths: parts.map(({ length }) => length) };
  const json = JSON.stringify(envelope);
  const beforeParts = MAGIC.length + LENGTH_OCTETS + Buffer.byteLength(json);
  const head = Buffer.from(json + " ".repeat(-beforeParts & (ALIGNMENT - 1)));
  const length = Buffer.alloc(LENGTH_OCTETS);
  length.writeUInt32LE(head.length);
  return writeWhole(path, [Buffer.from(MAGIC), length, head, ...parts]);
}

/** That of the file that is there; undefined when there is none. Throws the system's errors. */
export async function markOf(path: string): Promise<FileMark | undefined> {
  try {
    const { ino, mtimeMs } = await stat(path);
    return { ino, mtimeMs };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * Reads what `writeSealed` wrote; undefined when there is no such file. One that is damaged, or of another kind or version, is
 * set aside under another name. Throws DamagedFileError, and the system's errors.
 */
export function readSealed(path: string, kind: string): Sealed | undefined {
  let octets: Buffer;
  try {
    octets = readShared(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return unseal(octets, kind);
  } catch (error) {
    throw new DamagedFileError(`${path} ${(error as Error).message}: ${setAside(path)}, and not used`, { cause: error });
  }
}

/** A file as it is, with the memory that it is read into the only that is touched: to touch some costs more than to read it. */
function readShared(path: string): Buffer {
  const file = openSync(path, "r");
  try {
    const octets = Buffer.from(new SharedArrayBuffer(fstatSync(file).size));
    let at = 0;
    for (let read = -1; read !== 0 && at < octets.length; at += read) read = readSync(file, octets, at, octets.length - at, at);
    return octets.subarray(0, at);
  } finally {
    closeSync(file);
  }
}

/** Says what has become of it: in a directory that cannot be written it stays. */
function setAside(path: string): string {
  const aside = `${path}.damaged`;
  try {
    renameSync(path, aside);
    return `set aside as ${aside}`;
  } catch (error) {
    return `it could not be set aside (${(error as Error).message})`;
  }
}

function unseal(octets: Buffer, kind: string): Sealed {
  const headAt = MAGIC.length + LENGTH_OCTETS;
  const end = octets.length - DIGEST_OCTETS;
  if (end < headAt || octets.toString("latin1", 0, MAGIC.length) !== MAGIC) throw new Error("is no file of this software's");
  if (!digestOf([octets.subarray(0, end)]).equals(octets.subarray(end))) throw new Error("does not have the checksum that it ends with");
  const partsAt = headAt + octets.readUInt32LE(MAGIC.length);
  const envelope = JSON.parse(octets.toString("utf8", headAt, partsAt)) as Envelope;
  if (envelope.kind !== kind) throw new Error(otherKind(envelope.kind, kind));
  if (envelope.endianness !== endianness()) throw new Error("was written on a machine with another order of octets");
  let at = partsAt;
  const parts = envelope.lengths.map((length) => new Uint8Array(octets.buffer, octets.byteOffset + (at += length) - length, length));
  return { header: envelope.header, parts };
}

/** A kind is a name and a version. */
function otherKind(found: string, wanted: string): string {
  const [[name, version], [wantedName, wantedVersion]] = [found.split(" "), wanted.split(" ")];
  if (name !== wantedName) return `is of the kind "${found}", and not "${wanted}"`;
  return `is of version ${version}, and this drtm reads version ${wantedVersion}: ${Number(version) > Number(wantedVersion) ? "a newer one has written it" : "an older one has written it"}`;
}

function digestOf(octets: readonly Uint8Array[]): Buffer {
  const hash = createHash("sha256");
  for (const some of octets) hash.update(some);
  return hash.digest();
}

/** Under a name of its own: another process may write the same file. */
async function writeWhole(path: string, octets: readonly Uint8Array[]): Promise<FileMark> {
  const beside = `${path}.${randomBytes(6).toString("hex")}.new`;
  try {
    const mark = await writeTo(beside, octets);
    await rename(beside, path);
    await syncName(path);
    await removeLeftovers(path);
    return mark;
  } catch (error) {
    // On a full disk the half of it would be in the way of the next one.
    await rm(beside, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** Part by part, so that nobody waits long for the processor. */
async function writeTo(path: string, octets: readonly Uint8Array[]): Promise<FileMark> {
  const hash = createHash("sha256");
  const file = await open(path, "wx", 0o600);
  try {
    for (const some of octets) {
      hash.update(some);
      await file.writeFile(some);
    }
    await file.writeFile(hash.digest());
    await file.sync();
    const { ino, mtimeMs } = await file.stat();
    return { ino, mtimeMs };
  } finally {
    await file.close();
  }
}

async function removeLeftovers(path: string): Promise<void> {
  const directory = dirname(path);
  const beside = (await readdir(directory)).filter((name) => name.startsWith(`${basename(path)}.`) && name.endsWith(".new"));
  for (const name of beside) {
    const mark = await markOf(join(directory, name));
    if (mark !== undefined && mark.mtimeMs < Date.now() - LEFTOVER_MS) await rm(join(directory, name), { force: true });
  }
}
