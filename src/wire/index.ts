/** The DRTM protocol, version 1: docs/protocol.md. One message a file, encode beside decode. */
export * from "./acknowledgement.ts";
export * from "./cache-update.ts";
export * from "./constants.ts";
export * from "./extension-check.ts";
export * from "./extension.ts";
export * from "./fault.ts";
export * from "./header.ts";
export * from "./load-shift.ts";
export * from "./map-reply.ts";
export * from "./map-request.ts";
export * from "./mapping-body.ts";
export * from "./message.ts";
export * from "./trace.ts";
