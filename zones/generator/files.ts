import { type Location, type ServiceBinding, type Soa, LOC_DEFAULTS } from "../../src/dns/records/index.ts";
import { type Service, type Site, type ZoneHead, bucketNode, dsocRecords, registryRecords, setId, setNode, splitIntoBuckets } from "../../src/dns/zone-model/index.ts";
import { formatZoneFile } from "../../src/dns/zone-file/index.ts";
import { ipv4, parseIp, type IpAddress } from "../../src/address/index.ts";
import { formatMappingFile } from "../../src/core/mapping-file.ts";
import type { MabMapping } from "../../src/core/mapping-store.ts";
import { sha256hex } from "../../src/io/hash.ts";
import type { Mab } from "./mabs.ts";
import { DSOCS, type DsocPlan, REGISTRY_APEX, SERIAL, SETS, type SitePlan } from "./world.ts";
