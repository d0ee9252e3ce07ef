import { rangeOf } from "../../address/index.ts";
import { nameOf } from "../truth.ts";
import type { Scenario } from "./scenario.ts";

export const micronetSplitUnderLoad: Scenario = {
  name: "micronet-split-under-load",
  summary: "a micronet is cut in two while forty ITRs ask for it all the time; none ever uses the wrong half",
  plan: { itrsPerIsp: 40, askInterval: 100_000 },
  tell: (story) => {
    const key = story.key(0, 5);
    const { itrs } = story.world;
    story.wait(5);
    const { family, first, last } = story.cell(0, 5);
    story.change({ family, first, last });
    story.wait(1);
    for (const itr of itrs) story.ask(itr, key);
    story.wait(2);
    story.expect("all ITRs know the micronet", itrs.every((itr) => story.positionAt(itr, key) !== undefined));

    const half = rangeOf(family, first.hi, first.lo, key.hi, key.lo);
    const split = story.change(half);
    story.until(`no ITR uses ${nameOf(key)} as it was`, 1, () => itrs.every((itr) => story.hasOrForgot(itr, key, split)));
    story.wait(5);
    const again = story.change({ family, first, last });
    story.until("nor after the halves were joined", 1, () => itrs.every((itr) => story.hasOrForgot(itr, key, again)));
    story.wait(10);
  },
};
