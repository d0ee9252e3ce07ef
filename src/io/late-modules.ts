import type * as http from "node:http";
import type * as tls from "node:tls";

/**
 * Modules of Node's that are loaded only where they are used. `import` would read all that they offer, and so load what they keep for
 * later: with `node:http` a whole HTTP client (60 ms of CPU, of which it needs 10), with `node:tls` all certificates of the CAs it knows.
 */
export const nodeHttp = (): typeof http => process.getBuiltinModule("node:http");
export const nodeTls = (): typeof tls => process.getBuiltinModule("node:tls");
