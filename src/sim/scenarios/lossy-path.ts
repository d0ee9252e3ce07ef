import { badWeather } from "../faults/faults.ts";
import { nameOf } from "../truth.ts";
import type { Scenario } from "./scenario.ts";

export const lossyPath: Scenario = {
  name: "lossy-path",
  summary: "a third of all datagrams to and from a QSC are lost; every change gets through all the same",
  tell: (story) => {
    const qsc = story.qsc();
    const itr = story.itr(0);
    const key = story.key(1, 4);
    story.wait(5);
    story.change(story.cell(1, 4));
    story.wait(1);
    story.learn(itr, key);
    const clearUp = story.begin(`a third is lost on all paths of ${qsc.name}`, badWeather([qsc], story.world.stations, { loss: 0.33, duplication: 0.1, reordering: 0.1, reorderingDelay: 50_000, jitter: 2_000 }));
    for (let round = 0; round < 20; round++) {
      const change = story.change(story.cell(1, 4));
      story.until(`${itr.name} uses nothing old of ${nameOf(key)}`, 12.5, () => story.hasOrForgot(itr, key, change));
      story.ask(itr, key);
      story.wait(3);
    }
    clearUp();
    story.wait(15);
    story.learn(itr, key);
  },
};
