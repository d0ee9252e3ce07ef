import type { Itr, Mapping } from "../../core/itr.ts";
import { Fault, MapReply, MessageType, ReplyFlag, ResultCode, decodeMapReply, decodeMappingBody, typeOf } from "../../wire/index.ts";
import { FailOverMeter } from "../fail-over-meter.ts";
import type { Metrics } from "../metrics.ts";
import type { Witness } from "../network.ts";
import { type Station, StationKind } from "../station.ts";
import { type Change, type Watched, nameOf } from "../truth.ts";
import { Violation } from "../violation.ts";
import type { Audience, Question, Workload } from "../workload.ts";
import type { World } from "../world.ts";
import { AnswerCheck, seconds } from "./answers.ts";
import { BoundsCheck } from "./bounds.ts";
import { EpochCheck } from "./epochs.ts";
import { ForgeryCheck } from "./forgeries.ts";
import { HopCheck } from "./hops.ts";
import { RegretMeter } from "./regret.ts";

/** As many Map Replies wait for their acknowledgement at one time. */
const MOST_REPEATABLE = 1024;

/** Nonces of the last replies of a station that ask to be acknowledged, up to MOST_REPEATABLE of them, and of as many before. */
interface Repeatable {
  last: Set<number>;
  before: ReadonlySet<number>;
}
/** Where Map Replies have their result and epoch. */
const RESULT = 40;
const EPOCH = 48;

/** Knows the truth, sees everything, and throws a Violation at the first thing that must not be. */
export class Oracle implements Witness, Audience {
  readonly hops: HopCheck;
  readonly regret: RegretMeter;
  workload!: Workload;
  /** Lets others see what is sent. */
  onSent: (from: Station, to: Station | undefined, view: DataView, length: number) => void = () => undefined;
  readonly #world: World;
  readonly #metrics: Metrics;
  readonly #answers: AnswerCheck;
  readonly #forgeries: ForgeryCheck;
  readonly #bounds: BoundsCheck;
  readonly #epochs: EpochCheck;
  readonly #failOver: FailOverMeter;
  readonly #reply = new MapReply();
  /** By station. */
  readonly #repeatable: readonly Repeatable[];
  /** Since all faults were healed, every question must be answered; undefined while they are not. */
  #healedSince: number | undefined;

  constructor(world: World, metrics: Metrics) {
    const accuse = (invariant: string, station: Station, detail: string): never => this.#accuse(invariant, station, detail);
    this.#world = world;
    this.#metrics = metrics;
    this.#repeatable = world.stations.map(() => ({ last: new Set(), before: new Set() }));
    this.#answers = new AnswerCheck(world.truth, world.stations.length, accuse);
    this.hops = new HopCheck(world, metrics, this.#answers, accuse);
    this.#forgeries = new ForgeryCheck(metrics, accuse);
    this.#epochs = new EpochCheck(world, accuse);
    this.#bounds = new BoundsCheck(world, accuse);
    this.regret = new RegretMeter(world, metrics);
    this.#failOver = new FailOverMeter(world, metrics, this.regret);
    world.network.witness = this;
    world.onDisturbance = (station) => {
      this.#disturbed(station);
    };
    world.onChange = (change) => {
      this.changed(change);
    };
  }

  begin(): void {
    this.#bounds.begin();
  }

  /** From now on nothing is wrong with the world any more. */
  expectHealth(): void {
    this.#healedSince = this.#world.now;
  }

  /** Once healed, every QSR would ask the nearest live QSA. */
  checkChoices(healedAt: number): void {
    for (const qsr of this.#world.qsrs) this.regret.checkChoices(qsr, healedAt, (detail) => this.#accuse("the nearest live QSA is chosen", qsr, detail));
  }

  changed(change: Change): void {
    this.hops.watch(change);
  }

  sent(now: number, from: Station, to: Station | undefined, view: DataView, length: number): void {
    this.onSent(from, to, view, length);
    const type = typeOf(view);
    if (type === MessageType.mapRequest) {
      if (from.kind === StationKind.qsr && to !== undefined) this.regret.asked(from, to, view);
      return;
    }
    const isReply = type === MessageType.mapReply && view.getUint8(RESULT) <= ResultCode.notInAnyMab;
    if (!isReply) return;
    if (decodeMapReply(view, length, this.#reply) === Fault.none && !this.#isRepetition(from)) this.#answers.givenOut(now, from, this.#reply);
  }

  arriving(now: number, from: Station | undefined, to: Station, view: DataView, length: number, isForged: boolean): void {
    if (!isForged && this.#isReply(to, view)) this.#epochs.before(to);
    if (!isForged || this.#forgeries.before(to, view, length) || from === undefined) return;
    // An old request sent again makes a server use an old cookie and nonce until the next one: its updates are refused so long.
    const { paths } = this.#world.network;
    paths.trouble(now, paths.of(from.index, to.index));
    paths.trouble(now, paths.of(to.index, from.index));
  }

  arrived(now: number, from: Station | undefined, to: Station, view: DataView, _length: number, isForged: boolean): void {
    if (isForged) this.#forgeries.after(to);
    else if (from !== undefined && this.#isReply(to, view)) this.#received(now, from, to, view);
  }

  stirred(now: number, station: Station): void {
    if (station.kind === StationKind.itr) this.workload.drain(now, station as Station<Itr>);
  }

  spinning(_now: number, station: Station): void {
    this.#accuse("time passes", station, "its engine wants to be woken at this moment for ever");
  }

  answeredFromCache(now: number, station: Station<Itr>, key: Watched, entry: number): void {
    this.#metrics.counts.fromCache++;
    this.#metrics.counts.answers++;
    this.#answers.usedEntry(now, station, key, station.engine!.cache, entry);
  }

  answered(now: number, station: Station<Itr>, question: Question, mapping: Mapping | null, result: number): void {
    this.#metrics.answerTime.add(now - question.askedAt);
    if (mapping === null) {
      this.#metrics.counts.failures++;
      if (this.#healedSince !== undefined && question.askedAt >= this.#healedSince) {
        this.#accuse("once healed, every query is answered", station, `${nameOf(question.key)} got result ${result} after ${seconds(now - question.askedAt)} s`);
      }
      return;
    }
    this.#metrics.counts.answers++;
    this.#answers.usedMapping(now, station, question.key, mapping, result);
  }

  updated(now: number, _station: Station<Itr>, { range, version }: Mapping): void {
    const changedAt = this.#world.truth.changedAt(range.family, range.first, version[1]);
    if (changedAt !== undefined) this.#metrics.propagation.add(now - changedAt);
  }

  overdue(now: number, station: Station<Itr>, { key, askedAt }: Question): void {
    if (!this.hops.isCalmSince(station, askedAt)) return;
    this.#accuse("every question is answered by its deadline", station, `${nameOf(key)} was asked ${seconds(now - askedAt)} s ago`);
  }

  #isReply(to: Station, view: DataView): boolean {
    return to.kind !== StationKind.qsa && typeOf(view) === MessageType.mapReply;
  }

  #received(now: number, from: Station, to: Station, view: DataView): void {
    if (!this.#epochs.hasTaken(to)) return;
    this.#epochs.after(to, from, view.getUint32(EPOCH), view.getUint32(EPOCH + 4));
    if (view.getUint8(RESULT) > ResultCode.notInAnyMab) return;
    // It was taken: there is nothing wrong with it.
    decodeMappingBody(view, this.#reply.body);
    this.#answers.received(now, to, this.#reply.body);
  }

  /** Whether this Map Reply was sent before: it is repeated as it was until it is acknowledged. */
  #isRepetition({ index }: Station): boolean {
    const { flags, nonceLo } = this.#reply.header;
    if ((flags & ReplyFlag.ackWanted) === 0) return false;
    const repeatable = this.#repeatable[index]!;
    // With a sign it is a small integer to V8, nothing that has to be allocated.
    const nonce = nonceLo | 0;
    if (repeatable.last.has(nonce) || repeatable.before.has(nonce)) return true;
    if (repeatable.last.size === MOST_REPEATABLE) {
      repeatable.before = repeatable.last;
      repeatable.last = new Set();
    }
    repeatable.last.add(nonce);
    return false;
  }

  #disturbed(station: Station): void {
    this.hops.disturbed(station);
    if (station.kind === StationKind.qsa && station.engine === undefined) this.#failOver.died(station);
    if (station.engine !== undefined && station.bootedAt !== this.#world.now) return;
    this.#answers.forget(station);
    this.#epochs.forget(station);
    this.workload.forget(station);
  }

  #accuse(invariant: string, station: Station, detail: string): never {
    throw new Violation(invariant, station.name, this.#world.elapsed, detail, this.#world.plan.repeat);
  }
}

