import { RdataError } from "../records/index.ts";
import { DnssecError, type Fault } from "./error.ts";

export interface Refusal {
  readonly valid: false;
  readonly fault: Fault;
  /** One line for an operator, with the names and times that it takes to act. */
  readonly reason: string;
}

export type Verdict<T> = ({ readonly valid: true } & T) | Refusal;

/** What comes from outside leads to a verdict, never to an error. */
export function verdictOf<T>(validate: () => T): Verdict<T> {
  try {
    return { valid: true, ...validate() };
  } catch (error) {
    if (error instanceof DnssecError) return { valid: false, fault: error.fault, reason: error.message };
    if (error instanceof RdataError) return { valid: false, fault: "malformed", reason: error.message };
    throw error;
  }
}
