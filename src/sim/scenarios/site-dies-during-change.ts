import { crash } from "../faults/faults.ts";
import { nameOf } from "../truth.ts";
import type { Scenario } from "./scenario.ts";

export const siteDiesDuringChange: Scenario = {
  name: "site-dies-during-change",
  summary: "a QSA dies with a Cache Update on its lips; its queriers stop using the old mapping in time",
  tell: (story) => {
    const [itr, qsr] = [story.itr(0), story.qsr(0)];
    const key = story.key(0, 3);
    story.wait(5);
    story.change(story.cell(0, 3));
    story.wait(1);
    story.learn(itr, key);
    const site = story.chosenBy(qsr, key)!;

    const reboot = story.begin(`${site.name} dies`, crash(site));
    const change = story.change(story.cell(0, 3));
    story.until(`${qsr.name} would ask another for ${nameOf(key)}`, 5, () => story.chosenBy(qsr, key) !== site);
    story.ask(itr, key);
    story.until(`${itr.name} uses nothing old of ${nameOf(key)}`, 25, () => story.hasOrForgot(itr, key, change));
    story.learn(itr, key);
    story.expect(`${itr.name} has the new mapping`, story.positionAt(itr, key) === change.position);

    story.wait(20);
    reboot();
    story.say(`${site.name} is back, with a new epoch`);
    story.until(`${qsr.name} asks ${site.name} again`, 40, () => story.chosenBy(qsr, key) === site);
  },
};
