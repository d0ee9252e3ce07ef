import { suspend } from "../faults/faults.ts";
import { nameOf } from "../truth.ts";
import type { Scenario } from "./scenario.ts";

export const stoppedServer: Scenario = {
  name: "stopped-server",
  summary: "each server in turn is stopped for thirty seconds and goes on as if nothing had been; its clients know better",
  tell: (story) => {
    const itr = story.itr(2);
    const key = story.key(1, 8);
    story.wait(5);
    story.change(story.cell(1, 8));
    story.wait(1);
    story.learn(itr, key);
    for (const server of [story.chosenBy(story.qsr(0), key)!, story.qsr(0), story.qsr(1), story.qsc()]) {
      const goOn = story.begin(`${server.name} is stopped`, suspend(server));
      story.wait(1);
      const change = story.change(story.cell(1, 8));
      story.until(`${itr.name} uses nothing old of ${nameOf(key)}`, 24, () => story.hasOrForgot(itr, key, change));
      story.wait(30);
      goOn();
      story.say(`${server.name} goes on`);
      story.wait(2);
      story.learn(itr, key);
      story.expect("what it knows is new", story.positionAt(itr, key) === change.position);
    }
  },
};
