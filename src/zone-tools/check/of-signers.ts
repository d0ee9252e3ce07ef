import { RecordType } from "../../dns/records/index.ts";

/** Types that signers add, with TTLs and sometimes names of their own. */
export const OF_SIGNERS: ReadonlySet<number> = new Set([RecordType.RRSIG, RecordType.NSEC, RecordType.NSEC3, RecordType.NSEC3PARAM, RecordType.DNSKEY, RecordType.CDS, RecordType.CDNSKEY, RecordType.ZONEMD]);
