import { type Range, rangeOf } from "../../address/index.ts";
import { crash, cutFeed } from "../faults/faults.ts";
import { type Watched, nameOf } from "../truth.ts";
import type { Scenario } from "./scenario.ts";

export const laggingQsaAfterFailOver: Scenario = {
  name: "lagging-qsa-after-fail-over",
  summary: "the nearest QSA dies, and the next one has not heard of the last change: nobody goes back to what it was before",
  tell: (story) => {
    const qsr = story.qsr(0);
    const itr = story.itr(1);
    const key = story.key(0, 6);
    story.wait(5);
    story.change(story.cell(0, 6));
    story.wait(1);
    story.learn(itr, key);
    const first = story.chosenBy(qsr, key)!;
    const others = story.world.qsas.filter((qsa) => qsa !== first);

    const reconnect = others.map((qsa) => story.begin(`the feed of ${qsa.name} is cut`, cutFeed(qsa)));
    story.wait(0.3);
    const change = story.change(halfAround(key, story.cell(0, 6)));
    story.until(`${itr.name} hears from ${first.name} that the micronet is cut in two`, 1, () => story.positionAt(itr, key) === undefined);
    const reboot = story.begin(`${first.name} dies`, crash(first));
    for (let second = 0; second < 20; second++) {
      for (const asking of story.world.itrs) story.ask(asking, key);
      story.wait(1);
      story.expect(`${itr.name} does not take the old from those who lag`, story.hasOrForgot(itr, key, change));
    }
    for (const end of reconnect) end();
    story.say("the feeds are back");
    story.wait(35);
    story.learn(itr, key);
    story.expect(`${itr.name} has ${nameOf(key)} as it is now`, story.positionAt(itr, key) === change.position);
    reboot();
    story.wait(10);
  },
};

/** From the beginning of an IPv4 range to a key in it. */
function halfAround(key: Watched, { first }: Range): Range {
  return rangeOf(4, first.hi, 0, key.hi, 0);
}
