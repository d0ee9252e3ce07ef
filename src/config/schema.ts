import { z } from "zod";
import { formatEndpoint } from "../address/index.ts";
import { compatible, count, distinct, dnsEndpoint, domainName, endpoint, ordered, othersOnly, prefix, seconds, signable, trustedResolver } from "./fields.ts";

const everywhere = ["0.0.0.0/0", "::/0"];

const clients = z
  .strictObject({
    /** Who may ask. */
    allow: z.array(prefix).min(1).prefault(["127.0.0.0/8", "::/64"]),
    /** For each address and port. */
    maxQueriesPerSecond: count(1, 10_000_000).default(10_000),
    /** For each IPv4 /24 and IPv6 /56. */
    maxQueriesPerSecondPerNetwork: count(1, 100_000_000).default(100_000),
    /** Requests of one address and port that wait for answers being fetched. */
    maxWaiting: count(1, 32_768).default(1_024),
  })
  .prefault({});

/** A path relative to the configuration file. */
const control = z.strictObject({ socket: z.string().min(1).optional() }).prefault({});

const listen = z.array(endpoint).min(1).max(16).check(compatible).prefault(["127.0.0.1:4344"]);

/** How datagrams come and go: in batches by system calls (Linux), one at a time by node:dgram, or the first where it can be had. */
const driver = z.enum(["auto", "batched", "dgram"]).default("auto");

const log = z
  .strictObject({
    level: z.enum(["trace", "debug", "info", "warn", "error"]).default("info"),
    format: z.enum(["auto", "json", "pretty"]).default("auto"),
  })
  .prefault({});

const cacheFields = {
  maxEntries: count(1024, 16_777_215).default(262_144),
  /** Answers of which changes are passed on, one for each entry and querier. */
  maxPromises: count(1024, 16_777_215).default(262_144),
  /** Addresses and ports known at one time. */
  maxPeers: count(1024, 1_048_576).default(65_536),
};

const primary = z.strictObject({
  address: dnsEndpoint,
  /** The name of one of `dns.keys` (TSIG). */
  key: z.string().min(1).optional(),
  /** Over TLS: the name that its certificate must be for, a file of CA certificates in place of the system's, or pins of its public key. */
  tls: z.strictObject({ name: z.string().min(1).optional(), ca: z.string().min(1).optional(), pins: z.array(z.string().min(1)).min(1).optional() }).optional(),
});

const registry = z.strictObject({
  apex: domainName,
  space: z.array(prefix).min(1).prefault(everywhere),
  /** Name servers that give the zone by transfer; without any it is read by queries. */
  primaries: z.array(primary).max(16).default([]),
  /** DS or DNSKEY data of keys that must have signed the zone. */
  trustAnchors: z.array(z.string().min(1)).max(16).default([]),
});

export const qsrSchema = z.strictObject({
  role: z.literal("qsr"),
  listen,
  dns: z
    .strictObject({
      /** Resolvers, or the registry's own name servers; the system's resolvers when left out. */
      servers: z.array(dnsEndpoint).min(1).optional(),
      registries: distinct(z.array(registry).min(1), ({ apex }) => apex, "is the registry of an earlier one"),
      /** TSIG keys (HMAC-SHA256) shared with primaries; the secret in base64. */
      keys: distinct(z.array(z.strictObject({ name: z.string().min(1), secret: z.string().min(1) })), ({ name }) => name, "is an earlier one").default([]),
      /** What must vouch for the records of services, in the DSOCs' zones. */
      services: z
        .strictObject({
          /** Where a registry with trust anchors has DS data for the zone, its signatures must; "always": something must. */
          signed: z.enum(["where-known", "always"]).default("where-known"),
          /** A resolver on this machine that validates: its word (AD) is enough where there is no DS data. */
          trustedResolver: dnsEndpoint.optional(),
        })
        .check(trustedResolver)
        .prefault({}),
      /** Where primaries send NOTIFY. */
      notify: z.strictObject({ listen: z.array(endpoint).min(1).max(16) }).optional(),
      refreshMinSeconds: seconds(0.1, 86_400).default(10),
      refreshMaxSeconds: seconds(1, 604_800).default(3_600),
      serviceTtlMinSeconds: seconds(1, 86_400).default(30),
      serviceTtlMaxSeconds: seconds(1, 604_800).default(3_600),
      queryDeadlineSeconds: seconds(0.5, 60).default(5),
      /** For all that one primary is asked for at one time: a transfer that takes longer is given up. */
      transferDeadlineSeconds: seconds(1, 3_600).default(120),
      /** For how long the last good catalogue serves while DNS cannot be read. */
      catalogueMaxAgeHours: z.number().min(1).max(8_760).default(168),
    })
    .check(ordered("refreshMinSeconds", "refreshMaxSeconds"), ordered("serviceTtlMinSeconds", "serviceTtlMaxSeconds"), signable),
  clients,
  qsas: z
    .strictObject({
      allowLoopback: z.boolean().default(false),
      allowPrivate: z.boolean().default(false),
      /** How many QSAs of each service are measured often. */
      keepFresh: count(1, 32).default(3),
      /** Null Map Requests to all QSAs together, in any second. */
      maxProbesPerSecond: count(10, 10_000).default(500),
      /** How the QSRs of one network spread over QSAs that are about as near: this is number `place` (from 1) of `of`. */
      spread: z
        .strictObject({ place: count(1, 16), of: count(2, 16), withinMilliseconds: z.number().min(0).max(1_000).default(5) })
        .refine(({ place, of }) => place <= of, { message: "place must not be above of" })
        .optional(),
      /** Addresses of QSAs that may be known. */
      max: count(16, 65_535).default(16_384),
    })
    .prefault({}),
  cache: z
    .strictObject({
      ...cacheFields,
      /** For how long what QSAs promise is kept at most. */
      cachingTimeMaxSeconds: seconds(1, 3_600).default(3_600),
      /** For how long queriers may cache that an address is in no MAB. */
      gapCachingTimeSeconds: seconds(1, 3_600).default(60),
    })
    .prefault({}),
  state: z
    .strictObject({
      /** Where the last good catalogue and the distances of QSAs are kept; relative to the configuration file. */
      directory: z.string().min(1).optional(),
    })
    .prefault({}),
  driver,
  control,
  log,
});

export const qsaSchema = z.strictObject({
  role: z.literal("qsa"),
  listen,
  /** Mapping files, relative to the configuration file. */
  mapping: distinct(z.array(z.string().min(1)).min(1), (file) => file, "is an earlier one"),
  /** Where the changes of "drtm ctl map set" are kept; relative to the configuration file. */
  changes: z.string().min(1).optional(),
  cachingTimeSeconds: seconds(10, 3_600).default(600),
  negativeCachingTimeSeconds: seconds(1, 3_600).default(60),
  clients: clients.unwrap().extend({ allow: z.array(prefix).min(1).prefault(everywhere) }).prefault({}),
  cache: z.strictObject(cacheFields).prefault({}),
  driver,
  control,
  log,
});

export const qscSchema = z.strictObject({
  role: z.literal("qsc"),
  listen,
  /** The QSRs or QSCs to ask (or the QSAs of a DITR site). */
  upstreams: distinct(z.array(endpoint).min(1).max(16), ({ address, port }) => formatEndpoint(address, port), "is an earlier one"),
  clients,
  cache: z
    .strictObject({
      ...cacheFields,
      /** For how long what upstreams promise is kept at most. */
      cachingTimeMaxSeconds: seconds(1, 3_600).default(3_600),
    })
    .prefault({}),
  driver,
  control,
  log,
}).check(othersOnly);

/** By role. */
export const SCHEMAS = { qsr: qsrSchema, qsa: qsaSchema, qsc: qscSchema } as const;

export const configSchema = z.discriminatedUnion("role", [qsrSchema, qsaSchema, qscSchema]);

export type QsrConfig = z.output<typeof qsrSchema>;
export type QsaConfig = z.output<typeof qsaSchema>;
export type QscConfig = z.output<typeof qscSchema>;
export type Config = z.output<typeof configSchema>;
