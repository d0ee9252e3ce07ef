import type { QsrConfig } from "../../config/schema.ts";
import type { CatalogueColumns } from "../../core/mabs/catalogue.ts";
import type { DiscoveryStatus } from "../../io/discovery-loop.ts";
import type { CatalogueMail } from "../../io/catalogue-mail.ts";

/** What discovery needs to know. */
export interface DiscoverySettings {
  readonly dns: QsrConfig["dns"];
  readonly qsas: QsrConfig["qsas"];
  /** Where it keeps the last good catalogue. */
  readonly directory: string | undefined;
}

/** The catalogue that the query thread has when discovery starts, or starts again. */
export interface CatalogueInUse {
  readonly columns: CatalogueColumns;
  /** Milliseconds of Date. */
  readonly confirmedAt: number;
  /** Of the files that it is kept in; undefined when it is not. */
  readonly stamp: number | undefined;
}

/** From the query thread to discovery. */
export type ToDiscovery =
  /** First of all. */
  | { readonly type: "open"; readonly settings: DiscoverySettings }
  | { readonly type: "start"; readonly inUse: CatalogueInUse | undefined }
  /** None of its QSAs answers. */
  | { readonly type: "recheck"; readonly service: string }
  /** Catalogues that were sent before this one are used no more. */
  | { readonly type: "adopted"; readonly number: number }
  | { readonly type: "close" };

/** From discovery to the query thread. */
export type FromDiscovery =
  /** It listens where it is configured to, and can be started. */
  | { readonly type: "ready" }
  /** It cannot work as configured. */
  | { readonly type: "refused"; readonly code: string; readonly message: string }
  | { readonly type: "catalogue"; readonly number: number; readonly mail: CatalogueMail | null }
  /** The catalogue of this edition is on disk. */
  | { readonly type: "kept"; readonly edition: number; readonly stamp: number }
  | { readonly type: "status"; readonly status: DiscoveryStatus }
  /** Everything has been read once, as far as it could be. */
  | { readonly type: "read" }
  | { readonly type: "log"; readonly level: LogLevel; readonly text: string };

export type LogLevel = "debug" | "info" | "warn" | "error";
