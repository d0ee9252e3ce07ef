/** An invariant that does not hold: who broke it, when, and how to see it again. */
export class Violation extends Error {
  override readonly name = "Violation";
  readonly code = "DRTM_VIOLATION";
  readonly invariant: string;
  readonly who: string;
  /** Virtual microseconds since the run began. */
  readonly at: number;
  /** The command line that repeats it. */
  readonly repeat: string;

  constructor(invariant: string, who: string, at: number, detail: string, repeat: string) {
    super(`${invariant}: ${who}, after ${(at / 1e6).toFixed(6)} virtual seconds: ${detail}\nsee it again with: ${repeat}`);
    this.invariant = invariant;
    this.who = who;
    this.at = at;
    this.repeat = repeat;
  }
}
