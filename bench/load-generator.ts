/**
 * Loads a server: so many queriers, a socket each, ask for addresses of micronets drawn evenly; as fast as they are answered
 * (ClosedLoop), or as a clock says (OpenLoop). System calls are for whole batches, so that it is not the slower one.
 */
import { serveParent } from "./child.ts";
import { type ClosedLoad, ClosedLoop } from "./closed-loop.ts";
import { requireNative } from "./load-querier.ts";
import { type OpenLoad, OpenLoop } from "./open-loop.ts";

const native = requireNative();

serveParent({}, (load: ClosedLoad | OpenLoad) => ("perSecond" in load ? new OpenLoop(native, load) : new ClosedLoop(native, load)).run());
