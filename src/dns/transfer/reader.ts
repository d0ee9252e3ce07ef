import { CLASS_IN, MessageError, Opcode, type Outline, QueryType, RecordCursor, outlineOf } from "../message/index.ts";
import { RdataError, RecordType, type ResourceRecord, isSubdomain, typeName } from "../records/index.ts";
import { type AnswerVerifier, TsigError } from "../tsig/index.ts";
import { Allowance } from "./allowance.ts";
import { TransferContent } from "./content.ts";
import { TransferError, type TransferFault, rcodeName } from "./error.ts";
import type { TransferLimits, TransferSink, TransferSummary } from "./types.ts";

export interface TransferQuery {
  readonly id: number;
  readonly apex: string;
  readonly type: "AXFR" | "IXFR";
  /** The serial that we have; an IXFR needs one, and no transfer goes behind it. */
  readonly from: number | undefined;
  /** Where the query was signed. */
  readonly verifier: AnswerVerifier | undefined;
}

/** OPT, and the types that only questions and signatures have (RFC 6895 section 3.1). */
const OPT = 41;
const FIRST_META_TYPE = 128;
const LAST_META_TYPE = 255;
/** No such zone here; some servers say it also to a client that may not have it. */
const NOTAUTH = 9;
const ALLOW = "allow transfers to this client there (by address, or the same TSIG key)";

/** Reads the answer to an AXFR (RFC 5936) or IXFR (RFC 1995) query, message by message, without holding it. */
export class TransferReader {
  readonly #query: TransferQuery;
  readonly #allowance: Allowance;
  readonly #content: TransferContent;
  #lastName = "";

  constructor(query: TransferQuery, limits: TransferLimits, sink: TransferSink) {
    const subject = `${query.type} of ${query.apex}`;
    this.#query = query;
    this.#allowance = new Allowance(subject, limits);
    this.#content = new TransferContent(subject, query.type === "IXFR", query.from, sink);
  }

  get isDone(): boolean {
    return this.#content.isDone;
  }

  /** Whether all that has come is one SOA of a newer serial: where nothing follows, there are no increments. */
  get isOnlySoa(): boolean {
    return this.#content.isOnlySoa;
  }

  get summary(): TransferSummary {
    const { kind, serial } = this.#content;
    const { octets, records, messages } = this.#allowance.used;
    return { kind, serial, octets, recordCount: records, messageCount: messages };
  }

  /** Takes the next message; true when it was the last. `now`: seconds since 1970. Throws TransferError, and what the sink throws. */
  accept(message: Uint8Array, now: number): boolean {
    if (this.isDone) throw this.#error("trailing", "messages follow the SOA that ends it");
    this.#allowance.take("messages", 1);
    this.#allowance.take("octets", message.length);
    const outline = this.#explained(() => outlineOf(message));
    this.#checkHead(outline);
    this.#explained(() => this.#checkSignature(message, outline, now));
    this.#explained(() => { this.#acceptRecords(new RecordCursor(message, outline.answersAt), outline.header.answers); });
    if (this.#allowance.used.messages === 1) this.#content.endFirstMessage();
    if (this.isDone && this.#query.verifier?.isCovered === false) throw this.#error("signature", "its last message is not signed (RFC 8945 section 5.3.1)");
    return this.isDone;
  }

  /** To be called when nothing more will come. Throws TransferError unless the transfer is complete. */
  end(): void {
    if (this.isOnlySoa) throw this.#error("increments", `it is one SOA of the newer serial ${this.#content.serial}, and nothing more (RFC 1995 section 2): the whole zone is needed`);
    if (!this.isDone) throw this.#error("cut", "the server ended the connection before the transfer was complete; its log says why");
  }

  #checkHead({ header, question, tsigAt }: Outline): void {
    const { id, apex, type } = this.#query;
    const isFirst = this.#allowance.used.messages === 1;
    if (!header.isResponse || header.opcode !== Opcode.QUERY) throw this.#error("foreign", "this is no response to a query");
    if (header.id !== id) throw this.#error("foreign", `its id is ${header.id}, and that of the query ${id}`);
    if (question !== undefined && (question.name !== apex || question.type !== QueryType[type] || question.class !== CLASS_IN)) {
      throw this.#error("foreign", `it answers another question: ${question.name} ${typeName(question.type)}`);
    }
    // A server that refuses need not sign; one that signs may say BADKEY, and that is told first.
    if (header.rcode !== 0 && (tsigAt === undefined || this.#query.verifier === undefined)) throw this.#refusal(header.rcode);
    if (header.truncated) throw this.#error("malformed", "it says that it is truncated, over TCP");
    // RFC 5936 section 2.2.2: later messages may leave the question out; but this is the answer to it.
    if (isFirst && header.answers === 0 && header.rcode === 0) throw this.#error("lame", "there are no records in its first message: ask a server that serves the zone");
  }

  #checkSignature(message: Uint8Array, outline: Outline, now: number): void {
    const { verifier } = this.#query;
    if (verifier !== undefined) verifier.check(message, outline, now);
    else if (outline.tsigAt !== undefined) throw this.#error("signature", "it is signed (TSIG), and the query was not: configure the key here too");
    if (outline.header.rcode !== 0) throw this.#refusal(outline.header.rcode);
  }

  #acceptRecords(cursor: RecordCursor, count: number): void {
    this.#allowance.take("records", count);
    for (let ordinal = 0; ordinal < count; ordinal++) this.#content.accept(this.#readRecord(cursor));
  }

  #readRecord(cursor: RecordCursor): ResourceRecord {
    cursor.next();
    const { name, type, ttl } = cursor;
    if (cursor.class !== CLASS_IN) throw this.#error("foreign", `${name} ${typeName(type)} is of class ${cursor.class}, and the zone of class IN (1)`);
    if (type === OPT || (type >= FIRST_META_TYPE && type <= LAST_META_TYPE)) throw this.#error("malformed", `${name} ${typeName(type)} is of a type that no zone has`);
    if (name !== this.#lastName) this.#checkOwner(name);
    if (type === RecordType.SOA && name !== this.#query.apex) throw this.#error("foreign", `the SOA of another zone is in it: ${name}`);
    return { name, type, ttl, data: cursor.data() };
  }

  #checkOwner(name: string): void {
    if (!isSubdomain(name, this.#query.apex)) throw this.#error("foreign", `${name} is not in the zone`);
    this.#lastName = name;
  }

  /** What the layers below find wrong, with its place in the transfer. */
  #explained<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (error instanceof MessageError || error instanceof RdataError) throw this.#error("malformed", error.message, error);
      if (error instanceof TsigError) throw this.#error("signature", error.message, error);
      throw error;
    }
  }

  #refusal(rcode: number): TransferError {
    const advice = rcode === NOTAUTH ? `ask a server that serves the zone; if this one does, ${ALLOW}` : `${ALLOW}, or ask another`;
    return new TransferError("refused", `${this.#place()}: the server says ${rcodeName(rcode)}: ${advice}`, { rcode });
  }

  #error(fault: TransferFault, problem: string, cause?: unknown): TransferError {
    return new TransferError(fault, `${this.#place()}: ${problem}`, cause === undefined ? {} : { cause });
  }

  #place(): string {
    const { type, apex } = this.#query;
    const { messages } = this.#allowance.used;
    return `${type} of ${apex}${messages > 1 ? `, message ${messages}` : ""}`;
  }
}
