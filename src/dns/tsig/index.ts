/** Transaction signatures (RFC 8945), HMAC-SHA256. */
export * from "./crypto.ts";
export * from "./error.ts";
export * from "./key.ts";
export * from "./record.ts";
export * from "./sign.ts";
export * from "./verify-answer.ts";
export * from "./verify-request.ts";
