import { ResultCode } from "../wire/index.ts";

/** No answer to a look-up. The message names the address and the reason. */
export class ItrError extends Error {
  override readonly name = "ItrError";
  readonly code = "DRTM_ITR";
  /**
   * The result with which a server refused (docs/protocol.md): one of them is at work, and what is behind it is not. Null where
   * this client failed by itself: none of its servers answered, or it could not ask.
   */
  readonly refusal: number | null;

  constructor(message: string, refusal: number | null = null) {
    super(message);
    this.refusal = refusal;
  }
}

/**
 * Why a client has no answer when no server said so: the words for what servers say would blame others. `living`: those of its
 * servers that have answered something else meanwhile.
 */
export function ownFailureText(result: number, servers: readonly string[], living: readonly string[]): string {
  if (servers.length === 0) return "it has no server to ask: give it a QSR or QSC";
  if (result === ResultCode.overloaded) return "too many look-ups wait for answers: ask again later";
  if (living.length > 0) return `no answer in time, though ${living.join(", ")} ${living.length === 1 ? "is" : "are"} at work: what is behind may be down`;
  return `none of its servers answered (${servers.join(", ")}): does a QSR or QSC listen there?`;
}
