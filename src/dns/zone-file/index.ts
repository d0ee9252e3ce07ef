/** Zone files in master file format (RFC 1035 section 5): reading and writing. */
export { ZoneFileError } from "./error.ts";
export { type ZoneFileOptions, parseRecordData, parseZoneFile } from "./parse.ts";
export { type PlacedRecord, type ZoneSurvey, surveyZoneFile } from "./survey.ts";
export { type ZoneWriterOptions, formatZoneFile } from "./write.ts";
export type { ZoneFile } from "./zone-collector.ts";
