export const LISTEN_ERROR = "DRTM_LISTEN";

/** A socket that could not be bound. The message names address and port, and what to do. */
export class ListenError extends Error {
  override readonly name = "ListenError";
  readonly code = LISTEN_ERROR;
}

/** Why a socket could not be bound, and what to do. */
export function listenProblem(error: NodeJS.ErrnoException): string {
  if (error.code === "EADDRINUSE") return "another process has this port; stop it, or choose another port";
  if (error.code === "EADDRNOTAVAIL") return "this machine has no such address; choose one that it has";
  if (error.code === "EACCES") return "not permitted; choose a port above 1023, or grant CAP_NET_BIND_SERVICE";
  if (error.code === "ENOTSUP") return "this system cannot share a port between threads; take engineThreads: 1";
  return error.message;
}
