import { RecordType, type ResourceRecord, compareSerials, decodeSoa, readRecord } from "../records/index.ts";
import { TransferError } from "./error.ts";
import type { TransferKind, TransferSink } from "./types.ts";

/**
 * Where a transfer stands. Between the SOA records that separate its parts (RFC 1995 section 4, RFC 5936 section 2.2):
 *
 *     opening --SOA--> opened --SOA of our serial--> removing --SOA--> adding --SOA of the newest serial--> done
 *                        |                               ^---------------'  SOA of another serial
 *                        '--anything else--> whole --the same SOA--> done
 */
type State = "opening" | "opened" | "removing" | "adding" | "whole" | "done";

/** Reads the records of a transfer in their order, and hands them on as what they are: removed, added, or the zone's. */
export class TransferContent {
  readonly #subject: string;
  readonly #from: number | undefined;
  readonly #isIncremental: boolean;
  readonly #sink: TransferSink;
  #state: State = "opening";
  #kind: TransferKind = "unchanged";
  #opening: ResourceRecord | undefined;
  /** The serial that the transfer leads to. */
  #newest = 0;
  /** The serial that the present part belongs to. */
  #serial = 0;

  /** `from`: the serial that we have; `isIncremental`: whether we asked for the increments since. */
  constructor(subject: string, isIncremental: boolean, from: number | undefined, sink: TransferSink) {
    this.#subject = subject;
    this.#isIncremental = isIncremental;
    this.#from = from;
    this.#sink = sink;
  }

  get isDone(): boolean {
    return this.#state === "done";
  }

  get hasBegun(): boolean {
    return this.#state !== "opening";
  }

  /**
   * Whether there is nothing yet but one SOA of a newer serial. RFC 1995 section 2: so says a server that there is more than
   * it will give as increments; but one that puts each record in a message of its own begins like that too.
   */
  get isOnlySoa(): boolean {
    return this.#state === "opened" && this.#isIncremental;
  }

  get kind(): TransferKind {
    return this.#kind;
  }

  get serial(): number {
    return this.#newest;
  }

  /** Takes the next record of the answer, of the zone and of class IN. Throws TransferError. */
  accept(record: ResourceRecord): void {
    if (this.#state === "done") throw this.#error("trailing", "records follow the SOA that ends it");
    if (record.type === RecordType.SOA) this.#acceptSoa(record, readRecord(record, decodeSoa).serial);
    else this.#acceptOther(record);
  }

  /**
   * To be called after the first message. RFC 1995 section 4: the answer to a serial that is up to date is one SOA. One of a
   * newer serial may be all that the first message has room for.
   */
  endFirstMessage(): void {
    if (this.#state === "opened" && this.#isIncremental && this.#newest === this.#from) this.#state = "done";
  }

  #acceptSoa(record: ResourceRecord, serial: number): void {
    switch (this.#state) {
      case "opening":
        return this.#open(record, serial);
      case "opened":
        return this.#isIncremental && serial !== this.#newest ? this.#beginIncrements(record, serial) : this.#acceptWholeZone(record, serial);
      case "removing":
        return this.#beginAdding(record, serial);
      case "adding":
        return this.#endAdding(record, serial);
      default:
        return this.#closeWholeZone(record, serial);
    }
  }

  #acceptOther(record: ResourceRecord): void {
    switch (this.#state) {
      case "opening":
        throw this.#error("lame", "it does not begin with the SOA of the zone: ask a server that serves it");
      case "opened":
        this.#beginWholeZone();
        return this.#sink.added(record);
      case "removing":
        return this.#sink.removed(record);
      default:
        return this.#sink.added(record);
    }
  }

  #open(record: ResourceRecord, serial: number): void {
    const order = this.#from === undefined ? 1 : compareSerials(serial, this.#from);
    if (order === undefined || order < 0) {
      throw this.#error("serial", `its serial ${serial} is not newer than ${this.#from}, which we have (RFC 1982): set a newer one at the primary, or wait until this server has caught up`);
    }
    this.#opening = record;
    this.#newest = serial;
    this.#state = "opened";
  }

  #beginIncrements(record: ResourceRecord, serial: number): void {
    if (serial !== this.#from) throw this.#error("increments", `the increments begin at serial ${serial}, and we have ${this.#from}: the whole zone is needed`);
    this.#kind = "increments";
    this.#sink.begin("increments", this.#newest);
    this.#beginRemoving(record, serial);
  }

  #beginRemoving(record: ResourceRecord, serial: number): void {
    this.#serial = serial;
    this.#state = "removing";
    this.#sink.beginStep(serial);
    this.#sink.removed(record);
  }

  #beginAdding(record: ResourceRecord, serial: number): void {
    if (!isNewer(serial, this.#serial)) throw this.#error("increments", `an increment leads from serial ${this.#serial} to ${serial}, which is not newer: the whole zone is needed`);
    if (isNewer(serial, this.#newest)) throw this.#error("increments", `an increment leads to serial ${serial}, beyond ${this.#newest}, which the transfer is about: the whole zone is needed`);
    this.#serial = serial;
    this.#state = "adding";
    this.#sink.added(record);
  }

  #endAdding(record: ResourceRecord, serial: number): void {
    if (serial !== this.#serial) throw this.#error("increments", `an increment leads to serial ${this.#serial}, and the next begins at ${serial}: the whole zone is needed`);
    if (serial !== this.#newest) return this.#beginRemoving(record, serial);
    this.#checkClosing(record, serial);
    this.#state = "done";
  }

  #acceptWholeZone(record: ResourceRecord, serial: number): void {
    this.#beginWholeZone();
    this.#closeWholeZone(record, serial);
  }

  #beginWholeZone(): void {
    this.#kind = "whole";
    this.#state = "whole";
    this.#sink.begin("whole", this.#newest);
    this.#sink.added(this.#opening!);
  }

  #closeWholeZone(record: ResourceRecord, serial: number): void {
    this.#checkClosing(record, serial);
    this.#state = "done";
  }

  /** RFC 5936 section 2.2: the first and the last record are the same SOA. */
  #checkClosing(record: ResourceRecord, serial: number): void {
    const { data } = this.#opening!;
    if (data.length === record.data.length && data.every((octet, at) => octet === record.data[at])) return;
    throw this.#error("changed", `it ends with another SOA (serial ${serial}) than it began with (serial ${this.#newest}): the zone changed meanwhile; try again`);
  }

  #error(fault: ConstructorParameters<typeof TransferError>[0], problem: string): TransferError {
    return new TransferError(fault, `${this.#subject}: ${problem}`);
  }
}

function isNewer(serial: number, than: number): boolean {
  return (compareSerials(serial, than) ?? -1) > 0;
}
