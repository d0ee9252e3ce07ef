import { Histogram } from "./histogram.ts";

/** What a run was like. Histograms in microseconds, regret in thousandths. */
export class Metrics {
  /** `probes`: null Map Requests of QSRs. */
  readonly counts = { questions: 0, fromCache: 0, answers: 0, failures: 0, changes: 0, faults: 0, probes: 0, hopChecks: 0, forgeriesChecked: 0 };
  /** From a question that was not in the ITR's cache to its answer. */
  readonly answerTime = new Histogram();
  /** From a change of mapping to an ITR that held the old and has the new. */
  readonly propagation = new Histogram();
  /** From the death of a QSA to when a QSR that asked it would ask another. */
  readonly failOver = new Histogram();
  /** How much farther than the nearest live QSA the one is that a QSR asked. */
  readonly regret = new Histogram();
  askedRtt = 0;
  nearestRtt = 0;
}
