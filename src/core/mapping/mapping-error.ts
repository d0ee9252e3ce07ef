/** A change that cannot be made; the message says why. */
export class MappingError extends Error {
  override readonly name = "MappingError";
  readonly code = "DRTM_MAPPING";
}
