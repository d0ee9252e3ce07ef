import { AddressError, parsePrefix } from "../../address/index.ts";
import type { LabelledMab } from "./description.ts";

/** A MAB and the line that it is on. */
export interface MabLine extends LabelledMab {
  readonly line: number;
}

/** A prefix a line; what follows `#` says whose it is. Faults come with file and line. */
export function parseMabFile(text: string, file: string): { mabs: MabLine[]; faults: string[] } {
  const mabs: MabLine[] = [];
  const faults: string[] = [];
  for (const [index, whole] of text.split("\n").entries()) {
    const [content = "", ...comment] = whole.split("#");
    const label = comment.join("#").trim();
    if (content.trim() === "") continue;
    try {
      mabs.push({ prefix: parsePrefix(content.trim()), label: label === "" ? undefined : label, line: index + 1 });
    } catch (error) {
      if (!(error instanceof AddressError)) throw error;
      faults.push(`${file}:${index + 1}: ${error.message}: write a prefix a line, such as 192.0.2.0/24, and comments after #`);
    }
  }
  return { mabs, faults };
}
