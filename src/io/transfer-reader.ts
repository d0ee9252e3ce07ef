import { type IpAddress, formatEndpoint, sameIp } from "../address/index.ts";
import { WalkError } from "../dns/discovery/errors.ts";
import { queryOf } from "../dns/discovery/image-query.ts";
import { walkRegistry } from "../dns/discovery/registry-walk.ts";
import type { RegistryOptions, RegistryState, WalkTools } from "../dns/discovery/types.ts";
import { type Refusal, type TrustAnchor, validateZone } from "../dns/dnssec/index.ts";
import { RecordType, isSubdomain } from "../dns/records/index.ts";
import type { IncrementStep, TransferKind } from "../dns/transfer/index.ts";
import { ZoneImage, ZoneImageError } from "../dns/zone-image/index.ts";
import { keysNode } from "../dns/zone-model/index.ts";
import { dnssecTools } from "./dnssec-verifier.ts";
import { surveyPrimaries } from "./primary-survey.ts";
import type { RegistryReader } from "./registry-reader.ts";
import { unixSeconds } from "./signed-query.ts";
import { type FetchedZone, type Primary, ZoneTransferError, fetchZone } from "./zone-transfer.ts";

export interface TransferSource {
  readonly registry: RegistryOptions;
  /** Asked in this order where nothing speaks for another. */
  readonly primaries: readonly Primary[];
  /** None: what a primary gives is believed. */
  readonly anchors: readonly TrustAnchor[];
  /** For all that is tried with one primary. */
  readonly deadlineMs: number;
}

/** A zone as a primary gave it, and until when its signatures hold; seconds since 1970. */
interface Copy {
  readonly image: ZoneImage;
  readonly until: number;
}

/** A copy, and what is in it. */
interface Reading {
  readonly copy: Copy;
  readonly state: RegistryState;
}

const TOOLS = dnssecTools();

/**
 * By zone transfer (RFC 5936, 1995): keeps a copy of the zone, and reads from it what has changed. Where trust anchors are
 * given, nothing is taken that they do not vouch for. A MAB that is gone in a copy is gone.
 */
export class TransferReader implements RegistryReader {
  source = "zone transfer";
  /** What primaries have given: how often nothing new, increments, the whole zone. */
  readonly given: Record<TransferKind, number> = { unchanged: 0, increments: 0, whole: 0 };
  readonly #options: TransferSource;
  readonly #tools: Omit<WalkTools, "query">;
  readonly #over = new AbortController();
  /** What primaries have done wrong, this time. */
  readonly #faults = new Map<Primary, string>();
  /** Since when they have done nothing else, as people read it. */
  readonly #faultySince = new Map<Primary, string>();
  #copy: Copy | undefined;
  /** What was read from the copy. */
  #state: RegistryState | undefined;
  /** Who has told of a change. */
  #told: Primary | undefined;

  constructor(options: TransferSource, tools: Omit<WalkTools, "query">) {
    this.#options = options;
    this.#tools = tools;
  }

  get complaints(): readonly string[] {
    return Array.from(this.#faults, ([primary, fault]) => `primary ${nameOf(primary)}: ${fault} [since ${this.#faultySince.get(primary)}]`);
  }

  /** RFC 1996 section 3.12: the others may not have the change yet. */
  heard(source: IpAddress): void {
    this.#told = this.#options.primaries.find(({ address }) => sameIp(address, source));
  }

  /** Throws WalkError, which names what each primary did. */
  async read(known: RegistryState | undefined): Promise<RegistryState> {
    for (const primary of this.#options.primaries) if (!this.#faults.delete(primary)) this.#faultySince.delete(primary);
    // What has been forgotten binds nobody: its serial may have been set back in the meantime.
    if (known === undefined) this.#copy = undefined;
    const told = this.#told;
    this.#told = undefined;
    const news = told === undefined ? undefined : await this.#try(told, known, true);
    if (news !== undefined && news !== known) return news;
    return this.#readFromFirst(await this.#inOrder(known), known);
  }

  /** From the first that gives it. Whether one with TLS has news is known only when it is asked: those are, while there is none. */
  async #readFromFirst(primaries: readonly Primary[], known: RegistryState | undefined): Promise<RegistryState> {
    let confirmed: RegistryState | undefined;
    for (const primary of primaries) {
      if (confirmed !== undefined && primary.tls === undefined) continue;
      const state = await this.#try(primary, known);
      if (state === undefined) continue;
      if (state.serial !== known?.serial) return state;
      confirmed = state;
    }
    if (confirmed !== undefined) return confirmed;
    throw new WalkError(`${this.#options.registry.apex}: no primary has given it: ${this.complaints.join("; ")}`);
  }

  close(): void {
    this.#over.abort(new Error("stopped"));
  }

  /** Those that have news before the others. One that is behind is told of even where it need not be asked. */
  async #inOrder(known: RegistryState | undefined): Promise<readonly Primary[]> {
    const { primaries, registry } = this.#options;
    if (primaries.length === 1) return primaries;
    const ours = this.#copy?.image.soa.serial ?? known?.serial;
    const { inOrder, faults } = await surveyPrimaries(registry.apex, primaries, ours, this.#over.signal);
    for (const [primary, fault] of faults) this.#blame(primary, fault);
    return inOrder;
  }

  /** Undefined where this one does not give it. */
  async #try(primary: Primary, known: RegistryState | undefined, hasTold = false): Promise<RegistryState | undefined> {
    try {
      const state = await this.#readFrom(primary, known, hasTold);
      this.#faults.delete(primary);
      return state;
    } catch (error) {
      this.#over.signal.throwIfAborted();
      this.#blame(primary, faultOf(error as Error));
      return undefined;
    }
  }

  #blame(primary: Primary, fault: string): void {
    this.#faults.set(primary, fault);
    if (!this.#faultySince.has(primary)) this.#faultySince.set(primary, new Date().toISOString().replace(/\.\d+Z$/, "Z"));
  }

  async #readFrom(primary: Primary, known: RegistryState | undefined, hasTold: boolean): Promise<RegistryState> {
    const fetched = await this.#fetchZone(primary, this.#copy?.image.soa.serial, hasTold);
    const { copy, state } = await this.#reading(fetched, primary, known);
    this.#copy = copy;
    this.#state = state;
    this.source = `zone transfer from ${nameOf(primary)}`;
    return state;
  }

  async #reading(fetched: FetchedZone, primary: Primary, known: RegistryState | undefined): Promise<Reading> {
    switch (fetched.kind) {
      case "unchanged":
        return this.#readAgain(known);
      case "increments":
        return (await this.#readChanged(fetched.steps, known)) ?? (await this.#readWhole(primary, known));
      case "whole":
        return this.#walk(this.#validated(ZoneImage.of(this.#options.registry.apex, fetched.records)), known);
    }
  }

  /** The present copy, where it is still right. What is known may have come another way since. */
  async #readAgain(known: RegistryState | undefined): Promise<Reading> {
    const copy = this.#stillValid(this.#copy!);
    return known !== undefined && known === this.#state ? { copy, state: known } : this.#walk(copy, known);
  }

  /**
   * Undefined where something is wrong with the zone that the increments make of ours, and was not before: they may not be the
   * difference, as after a change without a new serial, or after a fault of the primary. Signatures out of their time are so in
   * the whole zone too.
   */
  async #readChanged(steps: readonly IncrementStep[], known: RegistryState | undefined): Promise<Reading | undefined> {
    try {
      const { image, changed } = this.#copy!.image.change(steps);
      const keys = keysNode(image.apex);
      const areKeysKnown = known === this.#state && !changed.some(({ name, type }) => type === RecordType.TXT && isSubdomain(name, keys));
      const reading = await this.#walk(this.#validated(image), known, areKeysKnown);
      return hasNewProblems(reading.state, this.#state) ? undefined : reading;
    } catch (error) {
      if (error instanceof ZoneImageError || (error instanceof WalkError && !isUntimely(error))) return undefined;
      throw error;
    }
  }

  async #readWhole(primary: Primary, known: RegistryState | undefined): Promise<Reading> {
    const { apex } = this.#options.registry;
    const fetched = await this.#fetchZone(primary, undefined);
    if (fetched.kind !== "whole") throw new WalkError(`it was asked for the whole zone ${apex}, and gave something else`);
    return this.#walk(this.#validated(ZoneImage.of(apex, fetched.records)), known);
  }

  async #walk(copy: Copy, known: RegistryState | undefined, areKeysKnown = false): Promise<Reading> {
    return { copy, state: await walkRegistry(this.#options.registry, known, { ...this.#tools, query: queryOf(copy.image), areKeysKnown }) };
  }

  /** Who has told of a change is not asked for its serial before. */
  async #fetchZone(primary: Primary, from: number | undefined, hasTold = false): Promise<FetchedZone> {
    const { registry, deadlineMs } = this.#options;
    const deadlines = { totalMs: deadlineMs, ...(hasTold ? { probeMs: 0 } : {}) };
    const fetched = await fetchZone({ apex: registry.apex, primaries: [primary], from, deadlines, signal: this.#over.signal });
    this.given[fetched.kind]++;
    return fetched;
  }

  #validated(image: ZoneImage): Copy {
    const { anchors, registry } = this.#options;
    if (anchors.length === 0) return { image, until: Infinity };
    const verdict = validateZone(image, anchors, unixSeconds(), TOOLS);
    if (!verdict.valid) throw new WalkError(`serial ${image.soa.serial} of ${registry.apex} is refused: ${verdict.reason}`, { cause: verdict });
    return { image, until: verdict.until };
  }

  #stillValid(copy: Copy): Copy {
    if (unixSeconds() <= copy.until) return copy;
    throw new WalkError(`the signatures of serial ${copy.image.soa.serial} of ${this.#options.registry.apex} have expired on ${new Date(copy.until * 1000).toISOString()}: its operator must sign it again`);
  }
}

function nameOf({ address, port, tls }: Primary): string {
  return `${formatEndpoint(address, port)}${tls === undefined ? "" : " over TLS"}`;
}

/** Whether a zone is refused because of the time. */
function isUntimely({ cause }: WalkError): boolean {
  const fault = (cause as Partial<Refusal> | undefined)?.fault;
  return fault === "expired" || fault === "early";
}

function hasNewProblems({ problems }: RegistryState, before: RegistryState | undefined): boolean {
  return problems.some((one) => before?.problems.some(({ name, problem }) => name === one.name && problem === one.problem) !== true);
}

/** What one primary did: its name stands before it already. */
function faultOf(error: Error): string {
  const [failure] = error instanceof ZoneTransferError ? error.failures : [];
  return failure?.error.message ?? error.message;
}

/** Tries one way, and where that fails another. */
export class FallbackReader implements RegistryReader {
  readonly #first: RegistryReader;
  readonly #second: RegistryReader;
  #last: RegistryReader;
  /** Why the first way did not do. */
  #failure: Error | undefined;

  constructor(first: RegistryReader, second: RegistryReader) {
    this.#first = first;
    this.#second = second;
    this.#last = first;
  }

  get source(): string {
    return this.#last.source;
  }

  get complaints(): readonly string[] {
    return [...(this.#failure === undefined ? [] : [`read by ${this.source}, since ${this.#failure.message}`]), ...this.#last.complaints];
  }

  heard(source: IpAddress): void {
    this.#first.heard?.(source);
  }

  async read(known: RegistryState | undefined): Promise<RegistryState> {
    try {
      this.#last = this.#first;
      this.#failure = undefined;
      return await this.#first.read(known);
    } catch (error) {
      this.#failure = error as Error;
    }
    try {
      this.#last = this.#second;
      return await this.#second.read(known);
    } catch (error) {
      throw new WalkError(`${this.#failure.message}; and by ${this.#second.source}: ${(error as Error).message}`, { cause: this.#failure });
    }
  }

  close(): void {
    this.#first.close();
    this.#second.close();
  }
}
