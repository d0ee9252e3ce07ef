/** One zone in canonical order: looked up, changed, and handed over to be digested. */
export { ZoneImageError } from "./error.ts";
export type { RrsetName } from "./zone-draft.ts";
export { type ZoneChange, ZoneImage, type ZoneStep } from "./zone-image.ts";
