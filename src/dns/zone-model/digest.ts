import type { Prefix } from "../../address/index.ts";
import { PackedPrefixes } from "../../address/packed-prefixes.ts";
import { aplLines } from "../records/apl-lines.ts";

/** SHA-256 of octets, or of text as UTF-8, in lower-case hex: injected, for this folder does no cryptography. */
export type Sha256Hex = (content: string | Uint8Array) => string;

const SET_ID_DIGITS = 10;
const DIGEST_DIGITS = 16;

/** The label of a service set: a digest of its service names. */
export function setId(services: readonly string[], sha256hex: Sha256Hex): string {
  return sha256hex(services.toSorted().join("\n")).slice(0, SET_ID_DIGITS);
}

export function bucketDigest(prefixes: Iterable<Prefix>, sha256hex: Sha256Hex): string {
  return sha256hex(aplLines(PackedPrefixes.of(prefixes).sorted())).slice(0, DIGEST_DIGITS);
}

/** Over the services and the `<bucket> <digest>` strings of a set. */
export function setDigest(services: readonly string[], bucketEntries: readonly string[], sha256hex: Sha256Hex): string {
  return sha256hex([...services.toSorted(), ...bucketEntries.toSorted()].join("\n")).slice(0, DIGEST_DIGITS);
}
