import type { ResourceRecord } from "../records/index.ts";
import type { IncrementStep, TransferKind, TransferSink } from "./types.ts";

interface Step extends IncrementStep {
  readonly removed: ResourceRecord[];
  readonly added: ResourceRecord[];
}

/** Holds a transfer until its end. */
export class TransferCollector implements TransferSink {
  steps: Step[] = [];
  records: ResourceRecord[] = [];
  #added = this.records;

  begin(_kind: Exclude<TransferKind, "unchanged">, _serial: number): void {
    this.steps = [];
    this.records = [];
    this.#added = this.records;
  }

  beginStep(from: number): void {
    const step = { from, removed: [], added: [] };
    this.steps.push(step);
    this.#added = step.added;
  }

  removed(record: ResourceRecord): void {
    this.steps.at(-1)!.removed.push(record);
  }

  added(record: ResourceRecord): void {
    this.#added.push(record);
  }
}
