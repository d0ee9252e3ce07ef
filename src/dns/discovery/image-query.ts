import type { ZoneImage } from "../zone-image/index.ts";
import type { Query } from "./types.ts";

/** Answers a walk from a zone that was transferred. */
export function queryOf(image: ZoneImage): Query {
  return (name, type) => {
    const records = image.rrset(name, type)?.records ?? [];
    return Promise.resolve({ rcode: records.length > 0 ? "NOERROR" : "NXDOMAIN", records });
  };
}
