import { formatEndpoint, parseIp, parsePrefix, parseRange } from "../../src/address/index.ts";
import { Catalogue } from "../../src/core/mabs/catalogue.ts";
import type { CatalogueContent } from "../../src/core/mabs/catalogue-content.ts";
import { type MabMapping, MappingStore } from "../../src/core/mapping/mapping-store.ts";
import { DEFAULT_INTERVALS } from "../../src/core/querier/prober.ts";
import { Qsa } from "../../src/core/qsa.ts";
import { Qsr, type QsrOptions } from "../../src/core/qsr.ts";
import { TestQuerier } from "./test-querier.ts";
import { EngineStation, VirtualNetwork, seeded } from "./virtual-network.ts";

export const LIMITS = { maxEntries: 4096, maxPromises: 4096, maxUpdates: 1024, maxPeers: 1024 };
export const CLIENTS = { allow: [parsePrefix("0.0.0.0/0"), parsePrefix("::/0")], maxQueriesPerSecond: 1000, maxQueriesPerSecondPerNetwork: 1_000_000, maxWaiting: 256 };

export const MAPPING: readonly MabMapping[] = [
  {
    prefix: parsePrefix("192.0.2.0/24"),
    lineage: 1,
    position: 10,
    micronets: [
      { range: parseRange("192.0.2.0-192.0.2.99"), etr: parseIp("203.0.113.1"), version: 3 },
      { range: parseRange("192.0.2.100-192.0.2.199"), etr: parseIp("203.0.113.2"), version: 4 },
    ],
  },
  {
    prefix: parsePrefix("2001:db8::/32"),
    lineage: 1,
    position: 5,
    micronets: [{ range: parseRange("2001:db8::-2001:db8:0:4::"), etr: parseIp("2001:db8:ffff::1"), version: 5 }],
  },
];

export interface Site {
  readonly name: string;
  readonly endpoint: string;
  /** Round-trip time from the QSR, microseconds. */
  readonly rtt: number;
  station: EngineStation;
  qsa: Qsa;
}

export const QSR_ENDPOINT = "10.0.0.1:4344";
export const UPSTREAM_ENDPOINT = "10.0.0.1:40000";

/** One QSR, one querier next to it, and one service with a site for each RTT (milliseconds), on virtual time. */
export class World {
  readonly network = new VirtualNetwork();
  readonly qsr: Qsr;
  readonly qsrStation: EngineStation;
  readonly querier: TestQuerier;
  readonly sites: Site[];
  #seed = 100;

  constructor(rttsMs: readonly number[], options: Partial<QsrOptions> = {}) {
    this.qsr = new Qsr({
      limits: LIMITS,
      clients: CLIENTS,
      nextU32: seeded(7),
      links: { 4: 1, 6: 1 },
      maxUpstreams: 64,
      keepFresh: 3,
      intervals: DEFAULT_INTERVALS,
      cachingMostMs: 3_600_000,
      gapCachingMs: 60_000,
      ...options,
    });
    this.qsrStation = new EngineStation(this.network, this.qsr, [QSR_ENDPOINT, UPSTREAM_ENDPOINT]);
    this.sites = rttsMs.map((ms, index) => {
      const endpoint = `127.0.1.${index + 1}:4344`;
      const qsa = this.#newQsa();
      return { name: `site${index + 1}`, endpoint, rtt: ms * 1000, qsa, station: new EngineStation(this.network, qsa, [endpoint]) };
    });
    this.network.delay = (from, to) => {
      const site = this.sites.find(({ endpoint }) => endpoint === from || endpoint === to);
      return site === undefined ? 50 : site.rtt / 2;
    };
    this.querier = new TestQuerier(this.network, "10.0.0.9:5000", QSR_ENDPOINT);
    this.publish(this.content());
    this.network.run(1_000_000);
    this.querier.introduce();
  }

  content(): CatalogueContent {
    const servers = this.sites.map(({ name, endpoint }) => ({
      name: `${name}.dsoc.example.`,
      address: parseIp(endpoint.slice(0, endpoint.lastIndexOf(":"))),
      port: 4344,
      tier: 10,
      region: "",
      weight: 100,
    }));
    return {
      mabs: MAPPING.map(({ prefix }) => ({ prefix, services: [0], set: "s" })),
      services: [{ name: "s1.dsoc.example.", servers }],
    };
  }

  publish(content: CatalogueContent): void {
    this.qsr.setCatalogue(this.network.now, Catalogue.of(content));
    this.qsrStation.flush();
  }

  /** Puts a fresh process, with a new epoch, in the place of a site's QSA. */
  restart(site: Site): void {
    site.station.leave();
    site.qsa = this.#newQsa();
    site.station = new EngineStation(this.network, site.qsa, [site.endpoint]);
  }

  /** Changes mapping at every site (or at some), as their common store would. */
  change(range: string, etr: string | null, sites: readonly Site[] = this.sites): void {
    for (const { qsa, station } of sites) {
      qsa.noteChange(this.network.now, qsa.store.change(parseRange(range), etr === null ? null : parseIp(etr)));
      station.flush();
    }
  }

  /** The site that an upstream's traffic goes to. */
  siteOf(words: readonly number[]): Site | undefined {
    return this.sites.find(({ endpoint }) => endpoint === formatEndpoint({ family: 4, words: [words[0]!, 0, 0, 0] }, 4344));
  }

  #newQsa(): Qsa {
    const nextU32 = seeded(this.#seed++);
    return new Qsa({ limits: LIMITS, clients: CLIENTS, nextU32, cachingMs: 600_000, negativeCachingMs: 30_000 }, new MappingStore(MAPPING));
  }
}
