/** Where things are in a registry zone: docs/zones.md. Apexes are absolute; so is what comes out. */

/** What the TXT record at `version` says. */
export const REGISTRY_VERSION = "drtm1";

/** First digits of set ids: one index node each. */
export const INDEX_DIGITS = [..."0123456789abcdef"];

export function versionNode(apex: string): string {
  return below("version", apex);
}

export function indexNode(digit: string, apex: string): string {
  return below(`${digit}.idx`, apex);
}

export function setNode(set: string, apex: string): string {
  return below(`${set}.sets`, apex);
}

/** Where the buckets of a set are listed. */
export function bucketListNode(set: string, apex: string): string {
  return below(`ix.${set}.sets`, apex);
}

export function bucketNode(bucket: string, set: string, apex: string): string {
  return below(`${bucket}.${set}.sets`, apex);
}

/** Where the DS data of a DSOC's zone is. */
export function keyNode(zone: string, apex: string): string {
  return below(zone.replace(/\.$/, ""), keysNode(apex));
}

/** What the DS data of all zones is below. */
export function keysNode(apex: string): string {
  return below("keys", apex);
}

/** Where the SVCB records of a service are, in its DSOC's zone. */
export function serviceNode(service: string): string {
  return below("_drtm", service);
}

function below(labels: string, apex: string): string {
  return apex === "." ? `${labels}.` : `${labels}.${apex}`;
}
