import { type TestContext, describe, expect, test } from "vitest";
import { parseIp } from "../../src/address/index.ts";
import { parseTrustAnchor } from "../../src/dns/dnssec/index.ts";
import type { DiscoveryLoop } from "../../src/io/discovery-loop.ts";
import { NotifyListener } from "../../src/io/notify-listener.ts";
import { TransferReader } from "../../src/io/transfer-reader.ts";
import { catalogueOctets } from "../support/catalogue-octets.ts";
import { ChangingWorld } from "../support/changing-world.ts";
import { LIMITS, discoveryOn } from "../support/discover.ts";
import { CATALOGUE_KINDS, KEYED_ZONE, OPEN_ZONE, type PrimaryKind, RealPrimary } from "../support/primaries/index.ts";
import { isWanted } from "../support/program.ts";
import { Unbound } from "../support/unbound.ts";

const REGISTRY = `${OPEN_ZONE}.`;
const DSOC = `${KEYED_ZONE}.`;
const LOOPBACK = parseIp("127.0.0.1");
const SEED = 1995;
const BATCHES = 5;
const CHANGES_EACH = 40;
const SOON = { ...LIMITS, serviceTtlMinSeconds: 0.2, serviceTtlMaxSeconds: 0.5 };
const AT_NOTIFY = { ...SOON, refreshMinSeconds: 3_600, refreshMaxSeconds: 3_600 };

// They wait most of the time: for caches and for NOTIFY.
describe.concurrent("AXFR, IXFR after 200 changes, and a walk through Unbound give the catalogue of the zone builder, octet by octet", () => {
  for (const kind of CATALOGUE_KINDS) {
    // A MAB that is gone in a walk goes when what Unbound keeps is over, and then once more.
    test.runIf(isWanted(kind.program) && isWanted("unbound"))(`${kind.name} (needs ${kind.program}, unbound)`, { timeout: 120_000 }, async (context) => {
      // BIND gives the whole zone where that is smaller; at a second NOTIFY nothing is new.
      const { increments, whole } = await serveAndChange(kind, context);
      expect([increments + whole, increments > 0]).toEqual([1 + BATCHES, kind.hasIncrements]);
    });
  }
});

/** Gives how often the server gave increments, and the whole zone. */
async function serveAndChange(kind: PrimaryKind, { expect: expectHere, onTestFinished }: TestContext): Promise<TransferReader["given"]> {
  const world = new ChangingWorld(SEED, REGISTRY, DSOC);
  const { server, transfer, transfers } = await followed(kind, world, onTestFinished);
  const resolver = await Unbound.start({ [REGISTRY]: server.place.port, [DSOC]: server.place.port });
  onTestFinished(() => resolver.stop());
  const walk = discoveryOn(resolver.port, { apex: REGISTRY, limits: SOON });
  onTestFinished(() => walk.loop.close());
  await walk.loop.start();

  const expectTheSame = async (): Promise<void> => {
    const expected = catalogueOctets(world.catalogue);
    for (const [way, { loop, catalogues, failures }] of Object.entries({ transfer, walk })) {
      const isThere = (): boolean => catalogueOctets(catalogues.at(-1)!).equals(expected);
      const message = (): string => `by ${way}, serials ${JSON.stringify(loop.status)}: ${failures.join("; ")}\n${server.output}`;
      await expectHere.poll(isThere, { timeout: 20_000 }).toBe(true).catch(() => expectHere.fail(message()));
    }
  };
  await expectTheSame();
  expectHere(transfers()).toMatchObject({ increments: 0, whole: 1 });
  for (let batch = 0; batch < BATCHES; batch++) {
    world.change(CHANGES_EACH);
    server.change(KEYED_ZONE, world.dsocZone);
    server.change(OPEN_ZONE, world.registryZone);
    await expectTheSame();
  }
  expectHere(Object.entries(world.changes).filter(([, count]) => count === 0)).toEqual([]);
  return transfers();
}

/** A server of these zones, and a discovery that takes the registry from it whenever it says that it has changed. */
async function followed(kind: PrimaryKind, world: ChangingWorld, onTestFinished: TestContext["onTestFinished"]) {
  const loops: DiscoveryLoop[] = [];
  const notices = new NotifyListener({ zones: [{ apex: REGISTRY, sources: [LOOPBACK], keys: [] }], quietMs: 20, onNotice: ({ source }) => loops[0]?.hurry(REGISTRY, source) });
  const notifyPort = await notices.listen("127.0.0.1", 0);
  onTestFinished(() => notices.close());
  const server = await RealPrimary.start(kind, notifyPort, (zone) => (zone === OPEN_ZONE ? world.registryZone : world.dsocZone));
  onTestFinished(() => server.stop());

  const anchors = server.anchorsOf(OPEN_ZONE).map((text) => parseTrustAnchor(text, REGISTRY));
  const primaries = [{ address: LOOPBACK, port: server.place.port }];
  const readers: TransferReader[] = [];
  const transfer = discoveryOn(server.place.port, {
    apex: REGISTRY,
    limits: AT_NOTIFY,
    readerOf: (registry, _walk, tools) => {
      readers.push(new TransferReader({ registry, primaries, anchors, deadlineMs: 20_000 }, tools));
      return readers[0]!;
    },
  });
  onTestFinished(() => transfer.loop.close());
  await transfer.loop.start();
  loops.push(transfer.loop);
  return { server, transfer, transfers: () => readers[0]!.given };
}
