/** RFC 4648: base64 (section 4), and base32hex (section 7) without padding, as RFC 5155 section 3.3 has it. */
interface Alphabet {
  readonly digits: string;
  readonly bits: number;
}

const BASE64: Alphabet = { digits: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", bits: 6 };
const BASE32HEX: Alphabet = { digits: "0123456789ABCDEFGHIJKLMNOPQRSTUV", bits: 5 };

export function encodeBase64(octets: Uint8Array): string {
  const text = encode(octets, BASE64);
  return text.padEnd(Math.ceil(text.length / 4) * 4, "=");
}

/** Undefined for what is no base64 in its one canonical form. */
export function decodeBase64(text: string): Uint8Array | undefined {
  return text.length % 4 === 0 ? decode(text.replace(/={1,2}$/, ""), BASE64) : undefined;
}

export function encodeBase32Hex(octets: Uint8Array): string {
  return encode(octets, BASE32HEX).toLowerCase();
}

/** Letters of both cases; undefined for what is no base32hex. */
export function decodeBase32Hex(text: string): Uint8Array | undefined {
  return decode(text.toUpperCase(), BASE32HEX);
}

function encode(octets: Uint8Array, { digits, bits }: Alphabet): string {
  let text = "";
  let held = 0;
  let count = 0;
  for (const octet of octets) {
    held = (held << 8) | octet;
    for (count += 8; count >= bits; held &= (1 << count) - 1) {
      count -= bits;
      text += digits[held >>> count]!;
    }
  }
  return count > 0 ? text + digits[(held << (bits - count)) & ((1 << bits) - 1)]! : text;
}

function decode(text: string, { digits, bits }: Alphabet): Uint8Array | undefined {
  const octets = new Uint8Array(Math.floor((text.length * bits) / 8));
  let held = 0;
  let count = 0;
  let at = 0;
  for (const digit of text) {
    const value = digits.indexOf(digit);
    if (value < 0) return undefined;
    held = (held << bits) | value;
    count += bits;
    if (count < 8) continue;
    count -= 8;
    octets[at++] = held >>> count;
    held &= (1 << count) - 1;
  }
  // Bits that make no octet, and more of them than a last digit leaves: another text would be the same octets.
  return held === 0 && count < bits ? octets : undefined;
}
