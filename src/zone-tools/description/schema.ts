import { formatIp, formatPrefix } from "../../address/index.ts";
import type { Output } from "../../config/field.ts";
import { distinct, domainName, ipAddress, prefix } from "../../config/fields.ts";
import { count, list, mapping, number, oneOf, parsed, text } from "../../config/form.ts";

const DAY = 86_400;
/** RFC 1035 section 3.3: what a string of a TXT record takes. */
const MOST_TEXT_OCTETS = 255;

const shortText = parsed((written) => {
  const octets = Buffer.byteLength(written);
  if (octets === 0) throw new Error("it is empty: write a text, or leave the key out");
  if (octets > MOST_TEXT_OCTETS) throw new Error(`it has ${octets} octets: a record has room for ${MOST_TEXT_OCTETS}`);
  return written;
});
const path = text();
/** Kept lower-case. */
const label = parsed((written) => {
  const name = written.toLowerCase();
  if (!/^[a-z0-9_][a-z0-9_-]{0,62}$/.test(name)) throw new Error(`"${written}" is no label: write letters, digits, - and _, without dots`);
  return name;
});

const nameServer = mapping({
  name: domainName,
  /** For a name inside the zone. */
  addresses: list(ipAddress).check(distinct(formatIp, "is an earlier one")).prefault([]),
});

const soa = mapping({
    /** `hostmaster` below the apex, unless given. */
    mailbox: domainName.optional(),
    refreshSeconds: count(1, 30 * DAY).default(300),
    retrySeconds: count(1, 30 * DAY).default(60),
    expireSeconds: count(1, 365 * DAY).default(7 * DAY),
    negativeTtlSeconds: count(1, DAY).default(60),
  })
  .prefault({});

const zone = {
  apex: domainName,
  /** For people: the first line of the zone file. */
  title: shortText.optional(),
  ttlSeconds: count(1, 7 * DAY).default(3_600),
  nameServers: list(nameServer, 1, 16).check(distinct(({ name }) => name, "is an earlier one")),
  soa,
};

const location = mapping({
  latitude: number(-90, 90),
  longitude: number(-180, 180),
  altitudeMetres: number(-100_000, 42_849_672).default(0),
});

const qsa = mapping({
  /** Below the apex. */
  name: label,
  addresses: list(ipAddress, 1, 8).check(distinct(formatIp, "is an earlier one")),
  port: count(1, 65_535).default(4_344),
  region: shortText.optional(),
  weight: count(0, 65_535).default(100),
  /** For people, and for "drtm up". */
  city: shortText.optional(),
  location: location.optional(),
});

const tier = mapping({
  /** SvcPriority: a higher one is used while no QSA of a lower one lives. */
  tier: count(1, 65_535),
  qsas: list(label, 1).check(distinct((name) => name, "is an earlier one")),
});

const service = mapping({
  name: label,
  tiers: list(tier, 1).check(distinct((one) => one.tier, "has the tier of an earlier one")),
});

const dsoc = mapping({
  ...zone,
  qsas: list(qsa, 1).check(distinct(({ name }) => name, "has the name of an earlier one")),
  services: list(service, 1).check(distinct(({ name }) => name, "has the name of an earlier one")),
});

const serviceSet = mapping({
  services: list(domainName, 1, 64).check(distinct((name) => name, "is an earlier one")),
  mabs: list(prefix).check(distinct(formatPrefix, "is an earlier one")).prefault([]),
  /** Files with a prefix a line. */
  mabFiles: list(path).check(distinct((file) => file, "is an earlier one")).prefault([]),
});

const key = mapping({
  /** The apex of a DSOC's zone. */
  zone: domainName,
  ds: list(text()).prefault([]),
  /** As `dnssec-signzone`, `keymgr ds` and `ldns-key2ds` write it. */
  dsFile: path.optional(),
});

const registry = mapping({
  ...zone,
  sets: list(serviceSet, 1),
  keys: list(key).check(distinct(({ zone: apex }) => apex, "has the zone of an earlier one")).prefault([]),
});

export const descriptionSchema = mapping({
  serial: oneOf("increment", "unix-time").default("increment"),
  registry: registry.optional(),
  dsocs: list(dsoc).check(distinct(({ apex }) => apex, "has the apex of an earlier one")).prefault([]),
});

export type DescriptionFile = Output<typeof descriptionSchema>;
export type ZoneFields = Pick<Output<typeof registry>, "apex" | "title" | "ttlSeconds" | "nameServers" | "soa">;
export type RegistryFields = Output<typeof registry>;
export type DsocFields = Output<typeof dsoc>;
export type QsaFields = Output<typeof qsa>;
export type ServiceFields = Output<typeof service>;
