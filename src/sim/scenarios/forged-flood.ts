import { Attackers } from "../faults/attackers.ts";
import { Random } from "../random.ts";
import type { Scenario } from "./scenario.ts";

export const forgedFlood: Scenario = {
  name: "forged-flood",
  summary: "attackers who see nothing send a thousand made-up datagrams a second: no engine changes its state for one",
  plan: { forgeries: 1000, changeInterval: 1_000_000 },
  tell: (story) => {
    story.wait(5);
    story.say("the flood begins");
    const attackers = new Attackers(story.world, new Random(story.world.plan.seed, 7));
    story.simulation.oracle.onSent = (from, to, view, length) => {
      attackers.capture(from, to, view, length);
    };
    attackers.begin();
    story.wait(30);
    const { forgeriesChecked } = story.simulation.metrics.counts;
    story.expect(`${forgeriesChecked} made-up datagrams have changed nothing`, forgeriesChecked > 10_000);
  },
};
