/** Octets of a digest by its type (RFC 4034, RFC 4509, RFC 6605). */
const DIGEST_OCTETS: Readonly<Record<string, number>> = { 1: 20, 2: 32, 4: 48 };
const DATA = /^(\d{1,5})\s+(\d{1,3})\s+(\d{1,3})\s+([0-9a-f\s]+)$/i;
const RECORD = /^(\S+)\s+(?:\d+\s+)?(?:IN\s+)?(?:\d+\s+)?DS\s+(.*)$/i;

/** One DS data in its one form: `60485 13 2 <digest in lower-case hex>`. Throws Error with what is wrong. */
export function normaliseDs(text: string): string {
  const [, tag = "", algorithm = "", digestType = "", digits = ""] = DATA.exec(text.trim()) ?? [];
  const digest = digits.replaceAll(/\s/g, "").toLowerCase();
  if (digest === "") throw new Error(`"${text}" is no DS data: write "<key tag> <algorithm> <digest type> <digest in hex>"`);
  const octets = DIGEST_OCTETS[Number(digestType)];
  if (octets === undefined) throw new Error(`digest type ${digestType} is not known: use 2 (SHA-256) or 4 (SHA-384)`);
  if (digest.length !== octets * 2) throw new Error(`a digest of type ${digestType} has ${octets * 2} hex digits, and this one ${digest.length}: is it cut off?`);
  return `${Number(tag)} ${Number(algorithm)} ${Number(digestType)} ${digest}`;
}

/** DS records, or DS data alone, one a line, as signers write them. Faults come with file and line. */
export function parseDsFile(text: string, file: string, zone: string): { ds: string[]; faults: string[] } {
  const ds: string[] = [];
  const faults: string[] = [];
  for (const [index, whole] of text.split("\n").entries()) {
    const content = whole.replace(/;.*/, "").trim();
    if (content === "") continue;
    try {
      ds.push(readDsLine(content, zone));
    } catch (error) {
      faults.push(`${file}:${index + 1}: ${(error as Error).message}`);
    }
  }
  if (ds.length + faults.length === 0) faults.push(`${file}:1: no DS data: has the zone a key?`);
  return { ds, faults };
}

function readDsLine(content: string, zone: string): string {
  const [, owner, data] = RECORD.exec(content) ?? [];
  if (owner === undefined || data === undefined) return normaliseDs(content);
  const name = `${owner.toLowerCase().replace(/\.$/, "")}.`;
  if (name !== zone) throw new Error(`a DS record of ${name}, and not of ${zone}: name the file of that zone`);
  return normaliseDs(data);
}
