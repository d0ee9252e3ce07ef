import { nameOf } from "../truth.ts";
import type { Scenario } from "./scenario.ts";

export const loadShift: Scenario = {
  name: "load-shift",
  summary: "an operator asks that a QSA be left in peace for a while; its queriers go elsewhere, and come back",
  tell: (story) => {
    const qsr = story.qsr(0);
    const key = story.key(0, 1);
    story.wait(5);
    const busy = story.chosenBy(qsr, key)!;
    const site = story.world.qsas.find((qsa) => qsa === busy)!;
    site.engine!.server.shift.set(story.world.now, { share: 0, holdMs: 30_000, alternatives: [] });
    story.say(`${site.name} would like to be asked no more, for 30 s`);
    story.until(`${qsr.name} would ask another for ${nameOf(key)}`, 15, () => story.chosenBy(qsr, key) !== site);
    story.wait(20);
    story.until(`${qsr.name} asks ${site.name} again`, 20, () => story.chosenBy(qsr, key) === site);
  },
};
