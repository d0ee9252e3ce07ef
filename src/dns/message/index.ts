/** DNS messages as octets: read without trust, record by record, and written; and their frames in a TCP stream. */
export * from "./error.ts";
export * from "./frames.ts";
export * from "./header.ts";
export * from "./names.ts";
export * from "./octets.ts";
export * from "./opt.ts";
export * from "./outline.ts";
export * from "./query.ts";
export * from "./rcode.ts";
export * from "./rdata.ts";
export * from "./record-cursor.ts";
export * from "./reply.ts";
export * from "./write.ts";
