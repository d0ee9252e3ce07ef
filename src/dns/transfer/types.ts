import type { ResourceRecord } from "../records/index.ts";

/** How much one transfer may bring. */
export interface TransferLimits {
  /** Of DNS messages, without their frames. */
  readonly octets: number;
  readonly records: number;
  readonly messages: number;
}

/**
 * What the largest registry needs, signed (1,048,576 MABs in 65,536 buckets: 450,000 records, 100 MB), and half as much again, even
 * from a server that puts one record in a message. A flood to this limit takes some 230 MB of memory.
 */
export const DEFAULT_LIMITS: TransferLimits = { octets: 160 * 1024 * 1024, records: 700_000, messages: 700_000 };

export type TransferKind = "unchanged" | "increments" | "whole";

/**
 * Is handed a transfer as it comes, and must not use it before its end: until then it may turn out to be worth nothing.
 * What it throws ends the transfer.
 */
export interface TransferSink {
  /** Increments or a whole zone begin, which will lead to `serial`; whatever came before is void. */
  begin(kind: Exclude<TransferKind, "unchanged">, serial: number): void;
  /** One increment begins. First come the records that it removes, the old SOA among them, then those that it adds. */
  beginStep(from: number): void;
  removed(record: ResourceRecord): void;
  /** Of an increment, or one record of a whole zone; the SOA comes once. */
  added(record: ResourceRecord): void;
}

/** One change of a zone; the SOA records are in it. */
export interface IncrementStep {
  readonly from: number;
  readonly removed: readonly ResourceRecord[];
  readonly added: readonly ResourceRecord[];
}

export interface TransferSummary {
  readonly kind: TransferKind;
  readonly serial: number;
  readonly octets: number;
  readonly recordCount: number;
  readonly messageCount: number;
}
