import { formatEndpoint } from "../address/index.ts";
import { compatible, distinct, dnsEndpoint, domainName, endpoint, ordered, othersOnly, prefix, seconds, signable, trustedResolver } from "./fields.ts";
import { type Field, type Output, Scalar, WRONG } from "./field.ts";
import { count, flag, list, mapping, number, oneOf, text } from "./form.ts";

const everywhere = ["0.0.0.0/0", "::/0"];

const clientFields = {
  /** Who may ask. */
  allow: list(prefix, 1).prefault(["127.0.0.0/8", "::/64"]),
  /** For each address and port. */
  maxQueriesPerSecond: count(1, 10_000_000).default(10_000),
  /** For each IPv4 /24 and IPv6 /56. */
  maxQueriesPerSecondPerNetwork: count(1, 100_000_000).default(100_000),
  /** Requests of one address and port that wait for answers being fetched. */
  maxWaiting: count(1, 32_768).default(1_024),
};
const clients = mapping(clientFields).prefault({});

/** A path relative to the configuration file. */
const control = mapping({ socket: text().optional() }).prefault({});

const listen = list(endpoint, 1, 16).check(compatible).prefault(["127.0.0.1:4344"]);

/** How datagrams come and go: in batches by system calls (Linux), one at a time by node:dgram, or the first where it can be had. */
const driver = oneOf("auto", "batched", "dgram").default("auto");

/** Threads that answer queries, each with a part of the cache, and with queriers of its own. More of them would send QSAs more than a sign of life a second. */
const engineThreads = count(1, 4).default(1);

const ONE_THREAD = "a QSA has one engine thread, as each would need all of the mapping: take the key out; for more, list several QSAs in DNS, each with its address";

const log = mapping({
    level: oneOf("trace", "debug", "info", "warn", "error").default("info"),
    format: oneOf("auto", "json", "pretty").default("auto"),
  })
  .prefault({});

const cacheFields = {
  maxEntries: count(1024, 16_777_215).default(262_144),
  /** Answers of which changes are passed on, one for each entry and querier. */
  maxPromises: count(1024, 16_777_215).default(262_144),
  /** Addresses and ports known at one time. */
  maxPeers: count(1024, 1_048_576).default(65_536),
  /** Has large tables take all of their memory soon after the start, not as they fill. */
  preallocate: flag().default(false),
};

/** Of those who ask others. */
const cachingFields = {
  ...cacheFields,
  /** Addresses that may be asked for at one time; beyond that queriers are told at once that the server is overloaded. */
  maxFetches: count(64, 1_048_576).default(131_072),
  /** For how long what upstreams promise is kept at most. */
  cachingTimeMaxSeconds: seconds(1, 3_600).default(3_600),
};

const primary = mapping({
  address: dnsEndpoint,
  /** The name of one of `dns.keys` (TSIG). */
  key: text().optional(),
  /** Over TLS: the name that its certificate must be for, a file of CA certificates in place of the system's, or pins of its public key. */
  tls: mapping({ name: text().optional(), ca: text().optional(), pins: list(text(), 1).optional() }).optional(),
});

const registry = mapping({
  apex: domainName,
  space: list(prefix, 1).prefault(everywhere),
  /** Name servers that give the zone by transfer; without any it is read by queries. */
  primaries: list(primary, 0, 16).default([]),
  /** DS or DNSKEY data of keys that must have signed the zone. */
  trustAnchors: list(text(), 0, 16).default([]),
});

export const qsrSchema = mapping({
  role: oneOf("qsr"),
  listen,
  dns: mapping({
      /** Resolvers, or the registry's own name servers; the system's resolvers when left out. */
      servers: list(dnsEndpoint, 1).optional(),
      registries: list(registry, 1).check(distinct(({ apex }) => apex, "is the registry of an earlier one")),
      /** TSIG keys (HMAC-SHA256) shared with primaries; the secret in base64. */
      keys: list(mapping({ name: text(), secret: text() })).check(distinct(({ name }) => name, "is an earlier one")).default([]),
      /** What must vouch for the records of services, in the DSOCs' zones. */
      services: mapping({
          /** Where a registry with trust anchors has DS data for the zone, its signatures must; "always": something must. */
          signed: oneOf("where-known", "always").default("where-known"),
          /** A resolver on this machine that validates: its word (AD) is enough where there is no DS data. */
          trustedResolver: dnsEndpoint.optional(),
        })
        .check(trustedResolver)
        .prefault({}),
      /** Where primaries send NOTIFY. */
      notify: mapping({ listen: list(endpoint, 1, 16) }).optional(),
      refreshMinSeconds: seconds(0.1, 86_400).default(10),
      refreshMaxSeconds: seconds(1, 604_800).default(3_600),
      serviceTtlMinSeconds: seconds(1, 86_400).default(30),
      serviceTtlMaxSeconds: seconds(1, 604_800).default(3_600),
      queryDeadlineSeconds: seconds(0.5, 60).default(5),
      /** For all that one primary is asked for at one time: a transfer that takes longer is given up. */
      transferDeadlineSeconds: seconds(1, 3_600).default(120),
      /** For how long the last good catalogue serves while DNS cannot be read. */
      catalogueMaxAgeHours: number(1, 8_760).default(168),
    })
    .check(ordered("refreshMinSeconds", "refreshMaxSeconds"), ordered("serviceTtlMinSeconds", "serviceTtlMaxSeconds"), signable),
  clients,
  qsas: mapping({
      allowLoopback: flag().default(false),
      allowPrivate: flag().default(false),
      /** How many QSAs of each service are measured often. */
      keepFresh: count(1, 32).default(3),
      /** Null Map Requests to all QSAs together, in any second. */
      maxProbesPerSecond: count(10, 10_000).default(500),
      /** How the QSRs of one network spread over QSAs that are about as near: this is number `place` (from 1) of `of`. */
      spread: mapping({ place: count(1, 16), of: count(2, 16), withinMilliseconds: number(0, 1_000).default(5) })
        .check(({ place, of }, refuse) => {
          if (place > of) refuse([], "place must not be above of");
        })
        .optional(),
      /** Addresses of QSAs that may be known. */
      max: count(16, 65_535).default(16_384),
    })
    .prefault({}),
  cache: mapping({
      ...cachingFields,
      /** For how long queriers may cache that an address is in no MAB. */
      gapCachingTimeSeconds: seconds(1, 3_600).default(60),
    })
    .prefault({}),
  state: mapping({
      /** Where the last good catalogue and the distances of QSAs are kept; relative to the configuration file. */
      directory: text().optional(),
    })
    .prefault({}),
  engineThreads,
  driver,
  control,
  log,
});

export const qsaSchema = mapping({
  role: oneOf("qsa"),
  listen,
  /** Mapping files, relative to the configuration file. */
  mapping: list(text(), 1).check(distinct((file) => file, "is an earlier one")),
  /** Here only to say why there are no more: docs/adr/0026. */
  engineThreads: new Scalar<1>(ONE_THREAD, (value) => (value === 1 ? value : WRONG)).default(1),
  /** Where the changes of "drtm ctl map set" are kept; relative to the configuration file. */
  changes: text().optional(),
  cachingTimeSeconds: seconds(10, 3_600).default(600),
  negativeCachingTimeSeconds: seconds(1, 3_600).default(60),
  clients: mapping({ ...clientFields, allow: list(prefix, 1).prefault(everywhere) }).prefault({}),
  cache: mapping(cacheFields).prefault({}),
  driver,
  control,
  log,
});

export const qscSchema = mapping({
  role: oneOf("qsc"),
  listen,
  /** The QSRs or QSCs to ask (or the QSAs of a DITR site). */
  upstreams: list(endpoint, 1, 16).check(distinct(({ address, port }) => formatEndpoint(address, port), "is an earlier one")),
  clients,
  cache: mapping(cachingFields).prefault({}),
  engineThreads,
  driver,
  control,
  log,
}).check(othersOnly);

/** By role. */
export const SCHEMAS: Readonly<Record<Config["role"], Field<Config>>> = { qsr: qsrSchema, qsa: qsaSchema, qsc: qscSchema };

export type QsrConfig = Output<typeof qsrSchema>;
export type QsaConfig = Output<typeof qsaSchema>;
export type QscConfig = Output<typeof qscSchema>;
export type Config = QsrConfig | QsaConfig | QscConfig;
