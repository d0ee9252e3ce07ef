import { z } from "zod";
import { formatIp, formatPrefix } from "../../address/index.ts";
import { count, distinct, domainName, ipAddress, parsed, prefix } from "../../config/fields.ts";

const DAY = 86_400;
/** RFC 1035 section 3.3: what a string of a TXT record takes. */
const MOST_TEXT_OCTETS = 255;

const text = parsed((written) => {
  const octets = Buffer.byteLength(written);
  if (octets === 0) throw new Error("it is empty: write a text, or leave the key out");
  if (octets > MOST_TEXT_OCTETS) throw new Error(`it has ${octets} octets: a record has room for ${MOST_TEXT_OCTETS}`);
  return written;
});
const path = z.string().min(1);
/** Kept lower-case. */
const label = parsed((written) => {
  const name = written.toLowerCase();
  if (!/^[a-z0-9_][a-z0-9_-]{0,62}$/.test(name)) throw new Error(`"${written}" is no label: write letters, digits, - and _, without dots`);
  return name;
});

const nameServer = z.strictObject({
  name: domainName,
  /** For a name inside the zone. */
  addresses: distinct(z.array(ipAddress), formatIp, "is an earlier one").prefault([]),
});

const soa = z
  .strictObject({
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
  title: text.optional(),
  ttlSeconds: count(1, 7 * DAY).default(3_600),
  nameServers: distinct(z.array(nameServer).min(1).max(16), ({ name }) => name, "is an earlier one"),
  soa,
};

const location = z.strictObject({
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
  altitudeMetres: z.number().min(-100_000).max(42_849_672).default(0),
});

const qsa = z.strictObject({
  /** Below the apex. */
  name: label,
  addresses: distinct(z.array(ipAddress).min(1).max(8), formatIp, "is an earlier one"),
  port: count(1, 65_535).default(4_344),
  region: text.optional(),
  weight: count(0, 65_535).default(100),
  /** For people, and for "drtm up". */
  city: text.optional(),
  location: location.optional(),
});

const tier = z.strictObject({
  /** SvcPriority: a higher one is used while no QSA of a lower one lives. */
  tier: count(1, 65_535),
  qsas: distinct(z.array(label).min(1), (name) => name, "is an earlier one"),
});

const service = z.strictObject({
  name: label,
  tiers: distinct(z.array(tier).min(1), (one) => one.tier, "has the tier of an earlier one"),
});

const dsoc = z.strictObject({
  ...zone,
  qsas: distinct(z.array(qsa).min(1), ({ name }) => name, "has the name of an earlier one"),
  services: distinct(z.array(service).min(1), ({ name }) => name, "has the name of an earlier one"),
});

const serviceSet = z.strictObject({
  services: distinct(z.array(domainName).min(1).max(64), (name) => name, "is an earlier one"),
  mabs: distinct(z.array(prefix), formatPrefix, "is an earlier one").prefault([]),
  /** Files with a prefix a line. */
  mabFiles: distinct(z.array(path), (file) => file, "is an earlier one").prefault([]),
});

const key = z.strictObject({
  /** The apex of a DSOC's zone. */
  zone: domainName,
  ds: z.array(z.string()).prefault([]),
  /** As `dnssec-signzone`, `keymgr ds` and `ldns-key2ds` write it. */
  dsFile: path.optional(),
});

const registry = z.strictObject({
  ...zone,
  sets: z.array(serviceSet).min(1),
  keys: distinct(z.array(key), ({ zone: apex }) => apex, "has the zone of an earlier one").prefault([]),
});

export const descriptionSchema = z.strictObject({
  serial: z.enum(["increment", "unix-time"]).default("increment"),
  registry: registry.optional(),
  dsocs: distinct(z.array(dsoc), ({ apex }) => apex, "has the apex of an earlier one").prefault([]),
});

export type DescriptionFile = z.output<typeof descriptionSchema>;
export type ZoneFields = Pick<z.output<typeof registry>, "apex" | "title" | "ttlSeconds" | "nameServers" | "soa">;
export type RegistryFields = z.output<typeof registry>;
export type DsocFields = z.output<typeof dsoc>;
export type QsaFields = z.output<typeof qsa>;
export type ServiceFields = z.output<typeof service>;
