/** Records that make no zone, or a change that does not fit it. The message names the record. */
export class ZoneImageError extends Error {
  override readonly name = "ZoneImageError";
  readonly code = "DRTM_ZONE_IMAGE";
}
