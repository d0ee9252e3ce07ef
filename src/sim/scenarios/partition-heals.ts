import { partition } from "../faults/faults.ts";
import { nameOf } from "../truth.ts";
import type { Scenario } from "./scenario.ts";

export const partitionHeals: Scenario = {
  name: "partition-heals",
  summary: "an ISP is cut off from all QSAs; ten seconds a hop later nobody there uses old mapping; then the cut heals",
  tell: (story) => {
    const { qsrs, itrs } = story.world;
    const key = story.key(0, 7);
    story.wait(5);
    story.change(story.cell(0, 7));
    story.wait(1);
    for (const itr of itrs) story.learn(itr, key);

    const heal = story.begin("the ISP is cut off from all QSAs", partition(qsrs, story.world.qsas));
    const change = story.change(story.cell(0, 7));
    story.until(`no QSR uses ${nameOf(key)} as it was`, 10.5, () => qsrs.every((qsr) => story.hasOrForgot(qsr, key, change)));
    story.until("nor does any ITR", 1, () => itrs.every((itr) => story.hasOrForgot(itr, key, change)));
    story.wait(40);

    heal();
    story.say("the cut heals");
    story.until(`${qsrs[0]!.name} knows a QSA again`, 35, () => story.chosenBy(qsrs[0]!, key) !== undefined);
    story.wait(35);
    for (const itr of itrs) story.learn(itr, key);
    story.expect("all ITRs have the new mapping", itrs.every((itr) => story.positionAt(itr, key) === change.position));
  },
};
