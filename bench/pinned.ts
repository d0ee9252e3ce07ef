/** What a command line begins with that runs a program on one core, and ends it when its parent ends, whatever befalls that: setpriv(1), taskset(1). */
export function pinnedTo(core: number): readonly [program: string, ...args: string[]] {
  return ["setpriv", "--pdeathsig", "TERM", "taskset", "-c", String(core)];
}
