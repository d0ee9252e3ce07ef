import { forgedFlood } from "./forged-flood.ts";
import { laggingQsaAfterFailOver } from "./lagging-qsa-after-fail-over.ts";
import { loadShift } from "./load-shift.ts";
import { lossyPath } from "./lossy-path.ts";
import { mabMoves } from "./mab-moves.ts";
import { micronetSplitUnderLoad } from "./micronet-split-under-load.ts";
import { partitionHeals } from "./partition-heals.ts";
import { qsrReboots } from "./qsr-reboots.ts";
import type { Scenario } from "./scenario.ts";
import { siteDiesDuringChange } from "./site-dies-during-change.ts";
import { stoppedServer } from "./stopped-server.ts";
import { Story } from "./story.ts";
import { type Report, reportOf } from "../report.ts";

export type { Scenario } from "./scenario.ts";

export const SCENARIOS: readonly Scenario[] = [
  siteDiesDuringChange,
  micronetSplitUnderLoad,
  qsrReboots,
  stoppedServer,
  partitionHeals,
  lossyPath,
  laggingQsaAfterFailOver,
  mabMoves,
  loadShift,
  forgedFlood,
];

/** Tells a scenario; gives its lines and what came of it. Throws Violation. */
export function tell(scenario: Scenario, seed: number, repeat: string): { readonly lines: readonly string[]; readonly report: Report } {
  const story = new Story(seed, repeat, scenario.plan);
  scenario.tell(story);
  return { lines: story.lines, report: reportOf(story.simulation) };
}
