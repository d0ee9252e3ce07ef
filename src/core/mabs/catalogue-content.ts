import type { IpAddress, Prefix } from "../../address/index.ts";

/** What discovery found, as plain values: the MABs, and the services that answer for them. */
export interface CatalogueContent {
  /** In comparePrefixes order, each once. */
  readonly mabs: readonly {
    readonly prefix: Prefix;
    /** Indices into `services`, ascending. */
    readonly services: readonly number[];
    /** The service set it was listed in; several are joined by " + ". */
    readonly set: string;
  }[];
  readonly services: readonly ServiceEntry[];
}

export interface ServiceEntry {
  readonly name: string;
  readonly servers: readonly ServerEntry[];
}

/** One address of a QSA, from an SVCB record. */
export interface ServerEntry {
  /** TargetName, absolute. */
  readonly name: string;
  readonly address: IpAddress;
  readonly port: number;
  /** SvcPriority. */
  readonly tier: number;
  readonly region: string;
  readonly weight: number;
}
