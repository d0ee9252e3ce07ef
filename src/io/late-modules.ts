import type * as http from "node:http";
import type * as tls from "node:tls";
import type * as util from "node:util";
import type * as v8 from "node:v8";

/**
 * Modules of Node's that are loaded only where they are used. `import` would read all that they offer, and so load what they keep for
 * later: with `node:http` a whole HTTP client (60 ms of CPU, of which it needs 10), with `node:tls` all certificates of the CAs it knows, with
 * `node:util` what compares texts and reads arguments, with `node:v8` what takes pictures of the heap.
 */
export const nodeHttp = (): typeof http => process.getBuiltinModule("node:http");
export const nodeUtil = (): typeof util => process.getBuiltinModule("node:util");
export const nodeTls = (): typeof tls => process.getBuiltinModule("node:tls");
export const nodeV8 = (): typeof v8 => process.getBuiltinModule("node:v8");
