import { describe, expect, test } from "vitest";
import { parseIp, parsePrefix } from "../../src/address/index.ts";
import { type TrustAnchor, parseTrustAnchor } from "../../src/dns/dnssec/index.ts";
import type { RegistryState } from "../../src/dns/discovery/types.ts";
import type { ResourceRecord } from "../../src/dns/records/index.ts";
import { sha256hex } from "../../src/io/hash.ts";
import { TransferReader } from "../../src/io/transfer-reader.ts";
import { fetchZone } from "../../src/io/zone-transfer.ts";
import { NSD, OPEN_ZONE, RealPrimary } from "../support/primaries/index.ts";
import { freePort } from "../support/process.ts";
import { isWanted } from "../support/program.ts";
import { type SetDraft, mabs, registry } from "../support/registry.ts";
import { DAY, dsText, makeKey, signZone } from "../support/zone-signer.ts";

const APEX = `${OPEN_ZONE}.`;
const LOOPBACK = parseIp("127.0.0.1");
const key = makeKey(APEX);
const now = Math.floor(Date.now() / 1000);

const A: SetDraft = { services: ["s1.dsoc-a.example."], prefixes: ["192.0.2.0/24"] };
const B: SetDraft = { services: ["s1.dsoc-b.example."], prefixes: ["198.51.100.0/24"] };
/** So many that NSD finds the increments smaller than the zone. */
const MANY: SetDraft = { services: ["s1.dsoc-c.example."], prefixes: Array.from({ length: 2_000 }, (_, index) => `10.${index >> 8}.${index & 255}.0/24`) };

type Sign = (records: readonly ResourceRecord[]) => readonly ResourceRecord[];
const unsigned: Sign = (records) => records;
const signed: Sign = (records) => signZone(APEX, records, [key], { inception: now - DAY, expiration: now + DAY });
const anchors = [parseTrustAnchor(dsText(key), APEX)];

// Who edits a zone and forgets the serial, and then edits it again, makes a server give increments from a zone that we never had.
describe.runIf(isWanted(NSD.program))("NSD gives increments from a zone that was changed without a new serial (needs nsd)", () => {
  test.each<[string, Sign, readonly TrustAnchor[], readonly SetDraft[], readonly SetDraft[]]>([
    ["they remove what is not there", unsigned, [], [{ ...A, prefixes: ["203.0.113.0/24"] }, MANY], [A, B, MANY]],
    ["they leave a set without one of its buckets", unsigned, [], [{ ...A, prefixes: [...A.prefixes, "2001:db8::/32"] }, MANY], [{ ...A, prefixes: [...A.prefixes, "2001:db8::/32", "203.0.113.0/24"] }, MANY]],
    ["they remove signatures that are not there", signed, anchors, [A, B, MANY], [{ ...A, prefixes: [...A.prefixes, "203.0.113.0/24"] }, B, MANY]],
  ])("%s: the zone is read whole", async (_what, sign, trusted, hidden, later) => {
    const zoneOf = (serial: number, sets: readonly SetDraft[]): readonly ResourceRecord[] => sign(registry(serial, sets, APEX));
    const server = await RealPrimary.start(NSD, await freePort(), (zone) => (zone === OPEN_ZONE ? zoneOf(1, [A, MANY]) : registry(1, [A], `${zone}.`)));
    const primary = { address: LOOPBACK, port: server.place.port };
    const space = [parsePrefix("0.0.0.0/0"), parsePrefix("::/0")];
    const reader = new TransferReader({ registry: { apex: APEX, space, anchors: trusted }, primaries: [primary], anchors: trusted, deadlineMs: 20_000 }, { sha256hex });
    try {
      const first = await reader.read(undefined);
      const before = await contentsAt(primary);
      server.change(OPEN_ZONE, zoneOf(1, hidden));
      await expect.poll(async () => (await contentsAt(primary)) === before).toBe(false);
      server.change(OPEN_ZONE, zoneOf(2, later));
      let state: RegistryState = first;
      await expect.poll(async () => (state = await reader.read(state)).serial).toBe(2);
      expect(mabs(state)).toEqual(later.flatMap(({ prefixes }) => prefixes).toSorted());
      expect([state.problems, reader.given.increments, reader.given.whole]).toEqual([[], 1, 2]);
    } finally {
      reader.close();
      await server.stop();
    }
  });
});

/** What a server has now. */
async function contentsAt(primary: { readonly address: typeof LOOPBACK; readonly port: number }): Promise<string> {
  const fetched = await fetchZone({ apex: APEX, primaries: [primary] });
  return fetched.kind === "whole" ? contentsOf(fetched.records) : "";
}

function contentsOf(records: readonly ResourceRecord[]): string {
  return records.map(({ name, data }) => `${name} ${Buffer.from(data).toString("hex")}`).toSorted().join("\n");
}
