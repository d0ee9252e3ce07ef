import { createHmac, timingSafeEqual } from "node:crypto";
import type { TsigCrypto } from "../dns/tsig/index.ts";

export const tsigCrypto: TsigCrypto = {
  hmacSha256: (secret) => createHmac("sha256", secret),
  equal: timingSafeEqual,
};
