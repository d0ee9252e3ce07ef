import type { CatalogueContent } from "./catalogue-content.ts";
import { MabTable } from "./mab-table.ts";

/** Discovery's result in the shape the engine looks up in: MABs by longest match, each with its services. */
export class Catalogue {
  readonly mabs: MabTable;
  readonly content: CatalogueContent;

  constructor(content: CatalogueContent) {
    this.content = content;
    this.mabs = new MabTable(content.mabs.map((mab) => mab.prefix));
  }

  /** Indices of the services that answer for a MAB. */
  servicesOf(mab: number): readonly number[] {
    return this.content.mabs[mab]!.services;
  }

  prefixLength(mab: number): number {
    return this.content.mabs[mab]!.prefix.length;
  }
}

export const EMPTY_CATALOGUE = new Catalogue({ mabs: [], services: [] });
