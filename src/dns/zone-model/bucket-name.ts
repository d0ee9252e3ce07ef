import { type Family, type Prefix, hostBitsAreZero, keyBits } from "../../address/index.ts";

/**
 * `4-5-18`: family, depth, and the first `depth` bits of the addresses below, in lower-case hex without leading zeros:
 * 192.0.0.0/5, whose bits are 11000. The whole of IPv4 is `4-0-0`.
 */
export function bucketName(area: Prefix): string {
  return `${area.family}-${area.length}-${leadingBits(area).toString(16)}`;
}

/** The area of a bucket's first label; undefined where the text is no bucket name, or not its one canonical form. */
export function parseBucketName(text: string): Prefix | undefined {
  const parts = /^([46])-(\d{1,2})-([0-9a-f]{1,16})$/.exec(text);
  if (parts === null) return undefined;
  const family: Family = parts[1] === "4" ? 4 : 6;
  const length = Number(parts[2]);
  if (length > keyBits(family)) return undefined;
  const area = areaFromBits(family, length, BigInt(`0x${parts[3]}`));
  return area !== undefined && hostBitsAreZero(area) && bucketName(area) === text ? area : undefined;
}

function leadingBits({ family, hi, lo, length }: Prefix): bigint {
  const key = family === 4 ? BigInt(hi) : (BigInt(hi) << 32n) | BigInt(lo);
  return key >> BigInt(keyBits(family) - length);
}

function areaFromBits(family: Family, length: number, bits: bigint): Prefix | undefined {
  if (bits >> BigInt(length) !== 0n) return undefined;
  const key = bits << BigInt(keyBits(family) - length);
  const hi = family === 4 ? key : key >> 32n;
  return { family, hi: Number(hi), lo: family === 4 ? 0 : Number(key & 0xffffffffn), length };
}
