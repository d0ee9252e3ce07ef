/** Zone transfers and what leads to them, without sockets: AXFR, IXFR, NOTIFY, the timers of an SOA. */
export * from "./collector.ts";
export * from "./error.ts";
export * from "./notify.ts";
export * from "./reader.ts";
export * from "./refresh-timer.ts";
export * from "./soa-answer.ts";
export * from "./types.ts";
