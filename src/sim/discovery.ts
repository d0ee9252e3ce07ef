import { type Catalogue, EMPTY_CATALOGUE } from "../core/mabs/catalogue.ts";
import { CatalogueEditor } from "../core/mabs/catalogue-editor.ts";
import type { ServerEntry, ServiceEntry } from "../core/mabs/catalogue-content.ts";
import type { Qsr } from "../core/qsr.ts";
import type { MabPlan } from "./mapping-plan.ts";
import type { Network } from "./network.ts";
import { SECOND } from "./plan.ts";
import type { Random } from "./random.ts";
import { PORT, type Station } from "./station.ts";

const POLL = 10 * SECOND;
/** A QSR that wants to know at once looks no more often than that. */
const HURRY = 2 * SECOND;

/** What a QSA's site is to DNS. */
export interface ListedSite {
  readonly station: Station;
  readonly dsoc: number;
}

/**
 * DNS, as QSRs see it: the registry and the DSOCs' zones in one, read whole after some time. It may be slow, or fail; what a
 * QSR has read it keeps.
 */
export class Discovery {
  /** How long reading takes, and whether nobody can read. */
  delay = SECOND / 20;
  isFailing = false;
  /** Told when a QSR goes over to another catalogue. */
  onChange: (station: Station<Qsr>) => void = () => undefined;
  readonly #network: Network;
  readonly #random: Random;
  readonly #mabs: readonly MabPlan[];
  readonly #sites: readonly ListedSite[];
  readonly #hidden = new Set<Station>();
  readonly #servedBy: number[][];
  readonly #readers = new Map<Station<Qsr>, { serial: number; boots: number; lastLook: number }>();
  #serial = 1;
  #readSerial = 0;
  #catalogue = EMPTY_CATALOGUE;
  /** The DSOCs of each MAB as the catalogue has them. */
  #listedFor: (readonly number[])[] = [];
  #areSitesChanged = true;

  constructor(network: Network, random: Random, mabs: readonly MabPlan[], sites: readonly ListedSite[]) {
    this.#network = network;
    this.#random = random;
    this.#mabs = mabs;
    this.#sites = sites;
    this.#servedBy = mabs.map(({ holders }) => [holders[0]!]);
  }

  /** The DSOCs that answer for a MAB, as published. */
  servedBy(mab: number): readonly number[] {
    return this.#servedBy[mab]!;
  }

  isListed(station: Station): boolean {
    return !this.#hidden.has(station);
  }

  /** Publishes who answers for a MAB: some of its holders. */
  move(mab: number, dsocs: readonly number[]): void {
    this.#servedBy[mab] = [...dsocs];
    this.#publish();
  }

  hide(station: Station): void {
    this.#hidden.add(station);
    this.#areSitesChanged = true;
    this.#publish();
  }

  list(station: Station): void {
    this.#hidden.delete(station);
    this.#areSitesChanged = true;
    this.#publish();
  }

  /** Lets a QSR read, now and from now on. */
  follow(station: Station<Qsr>): void {
    this.#readers.set(station, { serial: 0, boots: 0, lastLook: -Infinity });
    this.#poll(station);
  }

  /** A QSR has started: it looks at once. */
  look(station: Station<Qsr>): void {
    const reader = this.#readers.get(station)!;
    reader.lastLook = this.#network.now;
    if (this.isFailing || station.engine === undefined) return;
    const { boots } = station;
    const serial = this.#serial;
    const catalogue = this.#read();
    this.#network.after(this.delay * this.#random.between(0.5, 1.5), () => {
      if (!station.isRunning || station.boots !== boots) return;
      if (reader.boots === boots && reader.serial >= serial) return;
      reader.boots = boots;
      reader.serial = serial;
      station.engine!.setCatalogue(this.#network.now, catalogue);
      this.#network.settle(station);
      this.onChange(station);
    });
  }

  /** Whether a QSR has read what is published now. */
  isCurrent(station: Station<Qsr>): boolean {
    const reader = this.#readers.get(station)!;
    return reader.boots === station.boots && reader.serial === this.#serial;
  }

  #publish(): void {
    this.#serial++;
  }

  #poll(station: Station<Qsr>): void {
    const reader = this.#readers.get(station)!;
    const now = this.#network.now;
    const failed = station.engine?.querier.health.failedServices;
    const isHurried = failed !== undefined && (failed.size > 0 || reader.boots !== station.boots);
    failed?.clear();
    if (isHurried || now - reader.lastLook >= POLL) this.look(station);
    this.#network.after(HURRY * this.#random.between(0.8, 1.2), () => {
      this.#poll(station);
    });
  }

  /** What is published now: made from the edition before, as discovery does it. A set for each DSOC. */
  #read(): Catalogue {
    if (this.#readSerial === this.#serial) return this.#catalogue;
    this.#readSerial = this.#serial;
    const editor = new CatalogueEditor(this.#catalogue);
    for (const [mab, { prefix }] of this.#mabs.entries()) {
      for (const dsoc of this.#listedFor[mab] ?? []) editor.remove(String(dsoc), [prefix]);
      for (const dsoc of this.#servedBy[mab]!) editor.add(String(dsoc), [prefix]);
    }
    this.#listedFor = [...this.#servedBy];
    this.#catalogue = editor.finish(this.#listServices(), (dsoc) => [serviceOf(Number(dsoc))]);
    return this.#catalogue;
  }

  /** The same list again where nothing in it has changed. */
  #listServices(): readonly ServiceEntry[] {
    if (!this.#areSitesChanged) return this.#catalogue.services;
    this.#areSitesChanged = false;
    const dsocs = [...new Set(this.#sites.map(({ dsoc }) => dsoc))];
    return dsocs.map((dsoc) => ({
      name: serviceOf(dsoc),
      servers: this.#sites.filter((site) => site.dsoc === dsoc && this.isListed(site.station)).map(({ station }) => serverEntry(station)),
    }));
  }
}

function serviceOf(dsoc: number): string {
  return `s1.dsoc-${dsoc}.example.`;
}

export function serverEntry(station: Station, tier = 10): ServerEntry {
  return { name: `${station.name}.example.`, address: station.address(0), port: PORT, tier, region: "", weight: 100 };
}
