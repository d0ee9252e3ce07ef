import { ListenError, listenProblem } from "./listen-error.ts";

/** What the servers of node:net and node:dgram have in common. */
interface Listener {
  once(event: "listening" | "error", listener: (error: NodeJS.ErrnoException) => void): unknown;
  off(event: "error", listener: (error: NodeJS.ErrnoException) => void): unknown;
  on(event: "error", listener: () => void): unknown;
}

/** Waits until a server listens; `purpose` is what it cannot do otherwise. Later errors are nobody's. Throws ListenError. */
export function started(server: Listener, purpose: string, listen: () => void): Promise<void> {
  return new Promise((done, fail) => {
    const refuse = (error: NodeJS.ErrnoException): void => {
      fail(new ListenError(`cannot ${purpose}: ${listenProblem(error)}`, { cause: error }));
    };
    server.once("error", refuse);
    server.once("listening", () => {
      server.off("error", refuse);
      server.on("error", () => undefined);
      done();
    });
    listen();
  });
}
