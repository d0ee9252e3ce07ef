/** IPv4 and IPv6 addresses, prefixes and ranges, as DRTM sees them. */
export * from "./errors.ts";
export * from "./ip.ts";
export * from "./key.ts";
export * from "./prefix.ts";
export * from "./range.ts";
