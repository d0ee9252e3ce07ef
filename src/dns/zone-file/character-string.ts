const encoder = new TextEncoder();

/**
 * Octets of a character-string: `\DDD` and `\X` undone (RFC 1035 section 5.1), other text as UTF-8. Undefined where an
 * escape is broken.
 */
export function unescapeString(text: string): Uint8Array | undefined {
  const octets: number[] = [];
  for (const [part, digits, character] of text.matchAll(/\\(\d{3})|\\(\D)|[^\\]+|\\/gsu)) {
    if (digits !== undefined) octets.push(Number(digits));
    else if (part === "\\") return undefined;
    else octets.push(...encoder.encode(character ?? part));
  }
  return octets.some((octet) => octet > 255) ? undefined : Uint8Array.from(octets);
}

/** Octets as a quoted string; what is not printable ASCII becomes `\DDD`. */
export function quoteString(octets: Uint8Array): string {
  return `"${escapeString(octets)}"`;
}

/** Without the quotation marks where nothing asks for them. */
export function quoteWhereNeeded(octets: Uint8Array): string {
  const text = escapeString(octets);
  return /^[\w.,:/+=-]+$/.test(text) ? text : `"${text}"`;
}

function escapeString(octets: Uint8Array): string {
  return Array.from(octets, escapeOctet).join("");
}

function escapeOctet(octet: number): string {
  if (octet < 0x20 || octet > 0x7e) return `\\${String(octet).padStart(3, "0")}`;
  const character = String.fromCharCode(octet);
  return character === '"' || character === "\\" ? `\\${character}` : character;
}
