/** A role at work. */
export interface Running {
  /** Comes true when it cannot go on: the process has to end, and to be started again. */
  readonly failed: Promise<Error>;
  close(): Promise<void>;
}
