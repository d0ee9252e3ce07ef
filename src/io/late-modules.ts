import type * as http from "node:http";
import type * as tls from "node:tls";
import type * as util from "node:util";

/**
 * Modules of Node's that are loaded only where they are used. `import` would read all that they offer, and so load what they keep for
 * later: with `node:http` a whole HTTP client (60 ms of CPU, of which it needs 10), with `node:tls` all certificates of the CAs it knows, with
 * `node:util` what compares texts and reads arguments.
 */
export const nodeHttp = (): typeof http => process.getBuiltinModule("node:http");
export const nodeUtil = (): typeof util => process.getBuiltinModule("node:util");
export const nodeTls = (): typeof tls => process.getBuiltinModule("node:tls");
