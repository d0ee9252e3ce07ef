/** A role at work. */
export interface Running {
  close(): Promise<void>;
}
