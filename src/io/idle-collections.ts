import type { Worker } from "node:worker_threads";
import { nodeV8 } from "./late-modules.ts";

let starting = 0;

/**
 * Starts a thread in which V8 does not collect all garbage when there seems to be time for it, some seconds after the load has become less: that
 * takes 5 to 20 ms, in which datagrams wait, and the little that an engine leaves behind is found anyway when its memory is needed.
 */
export function withoutIdleCollections(start: () => Worker): Worker {
  // V8 has flags for the process only, and looks at this one when a thread begins.
  const { setFlagsFromString } = nodeV8();
  setFlagsFromString("--no-memory-reducer");
  starting++;
  const thread = start();
  let hasBegun = false;
  const begun = (): void => {
    if (hasBegun) return;
    hasBegun = true;
    if (--starting === 0) setFlagsFromString("--memory-reducer");
  };
  thread.once("online", begun);
  thread.once("exit", begun);
  return thread;
}
