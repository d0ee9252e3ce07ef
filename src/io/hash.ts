import { hash } from "node:crypto";

/** SHA-256 of UTF-8 text, in lower-case hex. */
export function sha256hex(text: string): string {
  return hash("sha256", text);
}
