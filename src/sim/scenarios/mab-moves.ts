import { moveMab } from "../faults/faults.ts";
import { nameOf } from "../truth.ts";
import type { Scenario } from "./scenario.ts";

export const mabMoves: Scenario = {
  name: "mab-moves",
  summary: "a MAB goes to another DSOC while DNS is slow: QSRs follow when they have read it, and nobody goes without an answer",
  tell: (story) => {
    const qsr = story.qsr(0);
    const key = story.key(0, 9);
    story.wait(5);
    story.learn(story.itr(0), key);
    story.world.discovery.delay = 3_000_000;
    story.begin("the MAB goes to the other DSOC", moveMab(0, [1]));
    story.until(`${qsr.name} asks a QSA of the other DSOC for ${nameOf(key)}`, 20, () => story.chosenBy(qsr, key)?.group === 1);
    for (const itr of story.world.itrs) story.learn(itr, key);
    const change = story.change(story.cell(0, 9));
    story.until("a change there reaches every ITR", 1, () => story.world.itrs.every((itr) => story.hasOrForgot(itr, key, change)));
  },
};
