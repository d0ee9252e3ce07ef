import { createHash } from "node:crypto";
import { readFileSync, renameSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { endianness } from "node:os";
import { syncName } from "./directory-sync.ts";

/** A file that is not what was written into it. It has been set aside; the message says where, and why. */
export class DamagedFileError extends Error {
  override readonly name = "DamagedFileError";
  readonly code = "DRTM_DAMAGED_FILE";
}

/** What a sealed file holds: values, and octets in parts beside them; when it is read, these lie wherever they are in the file. */
export interface Sealed {
  readonly header: unknown;
  readonly parts: readonly Uint8Array[];
}

const MAGIC = "DRTM sealed 1\n";
const DIGEST_OCTETS = 32;
/** Octets of the header's length. */
const LENGTH_OCTETS = 4;

interface Envelope {
  /** What it is, and of which version: `catalogue 1`. */
  readonly kind: string;
  /** Columns are in the machine's own order of octets. */
  readonly endianness: string;
  readonly header: unknown;
  readonly lengths: readonly number[];
}

/** Writes a file so that it is there whole, or as it was before: beside it, to disk, then in its place. Throws the system's errors. */
export async function writeSealed(path: string, kind: string, { header, parts }: Sealed): Promise<void> {
  const envelope: Envelope = { kind, endianness: endianness(), header, lengths: parts.map(({ length }) => length) };
  const head = Buffer.from(JSON.stringify(envelope));
  const length = Buffer.alloc(LENGTH_OCTETS);
  length.writeUInt32LE(head.length);
  await writeWhole(path, [Buffer.from(MAGIC), length, head, ...parts]);
}

/**
 * Reads what `writeSealed` wrote; undefined when there is no such file. One that is damaged, or of another kind or version, is
 * set aside under another name. Throws DamagedFileError, and the system's errors.
 */
export function readSealed(path: string, kind: string): Sealed | undefined {
  let octets: Buffer;
  try {
    octets = readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return unseal(octets, kind);
  } catch (error) {
    const aside = `${path}.damaged`;
    renameSync(path, aside);
    throw new DamagedFileError(`${path} ${(error as Error).message}: set aside as ${aside}, and not used`, { cause: error });
  }
}

function unseal(octets: Buffer, kind: string): Sealed {
  const headAt = MAGIC.length + LENGTH_OCTETS;
  const end = octets.length - DIGEST_OCTETS;
  if (end < headAt || octets.toString("latin1", 0, MAGIC.length) !== MAGIC) throw new Error("is no file of this software's");
  if (!digestOf([octets.subarray(0, end)]).equals(octets.subarray(end))) throw new Error("does not have the checksum that it ends with");
  const partsAt = headAt + octets.readUInt32LE(MAGIC.length);
  const envelope = JSON.parse(octets.toString("utf8", headAt, partsAt)) as Envelope;
  if (envelope.kind !== kind) throw new Error(`is of the kind "${envelope.kind}", and not "${kind}"`);
  if (envelope.endianness !== endianness()) throw new Error("was written on a machine with another order of octets");
  let at = partsAt;
  const parts = envelope.lengths.map((length) => new Uint8Array(octets.buffer, octets.byteOffset + (at += length) - length, length));
  return { header: envelope.header, parts };
}

function digestOf(octets: readonly Uint8Array[]): Buffer {
  const hash = createHash("sha256");
  for (const some of octets) hash.update(some);
  return hash.digest();
}

/** Part by part, so that nobody waits long for the processor. */
async function writeWhole(path: string, octets: readonly Uint8Array[]): Promise<void> {
  const beside = `${path}.new`;
  const hash = createHash("sha256");
  const file = await open(beside, "w", 0o600);
  try {
    for (const some of octets) {
      hash.update(some);
      await file.writeFile(some);
    }
    await file.writeFile(hash.digest());
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
  await syncName(path);
}
