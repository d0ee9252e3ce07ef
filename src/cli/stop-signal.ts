/** Signals that ask for a clean end. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** One Ctrl-C may arrive twice: from the terminal, and from the launcher, which passes on what it gets. */
const SAME_MS = 500;

/** Aborts, with the signal's name as its reason, when the process is asked to end. Asked again, it ends at once. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  let first = 0;
  const receive = (signal: NodeJS.Signals): void => {
    if (!stop.signal.aborted) {
      first = performance.now();
      stop.abort(signal);
    } else if (signal !== stop.signal.reason || performance.now() - first > SAME_MS) {
      for (const name of SIGNALS) process.removeAllListeners(name);
      process.kill(process.pid, signal);
    }
  };
  for (const signal of SIGNALS) process.on(signal, receive);
  return stop.signal;
}

/** Waits for the stop; gives the signal's name. */
export function untilStopped(stop: AbortSignal): Promise<string> {
  return new Promise((done) => {
    const finish = (): void => {
      done(String(stop.reason));
    };
    if (stop.aborted) finish();
    else stop.addEventListener("abort", finish, { once: true });
  });
}
