/** The DRTM layout of registry and DSOC zones (docs/zones.md). */
export * from "./bucket-name.ts";
export * from "./bucket.ts";
export * from "./digest.ts";
export * from "./dsoc.ts";
export * from "./layout.ts";
export * from "./registry.ts";
