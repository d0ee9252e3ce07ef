const STOP_SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** Waits for SIGINT or SIGTERM. A second one, of either kind, ends the process at once. */
export function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((done) => {
    const stop = (signal: NodeJS.Signals): void => {
      for (const each of STOP_SIGNALS) process.off(each, stop);
      done(signal);
    };
    for (const each of STOP_SIGNALS) process.on(each, stop);
  });
}
