import { crash } from "../faults/faults.ts";
import { nameOf } from "../truth.ts";
import type { Scenario } from "./scenario.ts";

export const qsrReboots: Scenario = {
  name: "qsr-reboots",
  summary: "a QSR restarts and has lost its ledger; who asked it sees the new epoch and forgets",
  tell: (story) => {
    const [itr, qsr] = [story.itr(1), story.qsr(0)];
    const key = story.key(1, 2);
    story.wait(5);
    story.change(story.cell(1, 2));
    story.wait(1);
    story.learn(itr, key);

    for (const server of [qsr, story.qsr(1), story.qsc()]) {
      const reboot = story.begin(`${server.name} restarts`, crash(server));
      story.wait(0.2);
      reboot();
      const change = story.change(story.cell(1, 2));
      story.until(`${itr.name} uses nothing old of ${nameOf(key)}`, 15, () => story.hasOrForgot(itr, key, change));
      story.wait(5);
      story.learn(itr, key);
      story.expect("and has the new", story.positionAt(itr, key) === change.position);
    }
  },
};
