import { hash } from "node:crypto";

/** SHA-256 of octets, or of text as UTF-8, in lower-case hex. */
export function sha256hex(content: string | Uint8Array): string {
  return hash("sha256", content);
}
