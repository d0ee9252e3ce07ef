/** Resource records and the codecs of their data: one file a type. */
export * from "./apl.ts";
export * from "./host.ts";
export * from "./loc.ts";
export * from "./name.ts";
export * from "./printable.ts";
export * from "./rdata-reader.ts";
export * from "./record.ts";
export * from "./soa.ts";
export * from "./svc-params.ts";
export * from "./svcb.ts";
export * from "./txt.ts";
