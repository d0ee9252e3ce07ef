/** A registry that could not be read. The message names the record, and what to do. */
export class WalkError extends Error {
  override readonly name = "WalkError";
  readonly code = "DRTM_WALK";
}

/** What was fetched does not belong together: the zone is being changed, or broken. Spoils one set. */
export class Inconsistent extends Error {
  override readonly name = "Inconsistent";
}

/** DNS has no answer for one name. Spoils one set. */
export class Unanswered extends Error {
  override readonly name = "Unanswered";
}

/** An answer that is not signed as it must be. Nothing of that reading counts. The message names the record and the fault. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly code = "DRTM_REFUSED";
}
