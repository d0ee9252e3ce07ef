import { formatPrefix } from "../address/index.ts";
import type { QsrConfig } from "../config/schema.ts";

/**
 * What a configuration lets into a catalogue: registries with their space and what must vouch for them, and addresses of QSAs. A
 * catalogue that was kept under another one is not served.
 */
export function catalogueScope({ dns, qsas }: Pick<QsrConfig, "dns" | "qsas">): string {
  const registries = dns.registries.map(({ apex, space, trustAnchors, primaries }) => ({
    apex,
    space: space.map(formatPrefix),
    trustAnchors,
    primaries: primaries.map(({ key, tls }) => ({ isKeyed: key !== undefined, isOverTls: tls !== undefined })),
  }));
  return JSON.stringify({ registries, signed: dns.services.signed, allowLoopback: qsas.allowLoopback, allowPrivate: qsas.allowPrivate });
}
