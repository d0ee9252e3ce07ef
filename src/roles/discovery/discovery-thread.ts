import type { Worker } from "node:worker_threads";
import { type Catalogue, EMPTY_CATALOGUE } from "../../core/mabs/catalogue.ts";
import { now } from "../../io/clock.ts";
import type { DiscoveryStatus } from "../../io/discovery-loop.ts";
import type { Logger } from "../../io/log.ts";
import { ThreadRefusal } from "../thread-refusal.ts";
import { startDiscovery } from "../threads.ts";
import { type CatalogueMail, openMail } from "../../io/catalogue-mail.ts";
import type { CatalogueInUse, DiscoverySettings, FromDiscovery, ToDiscovery } from "./messages.ts";

/** `mail`: the catalogue as one that has the catalogue before it can take it. Once it is over, nobody uses any before this one. */
type OnCatalogue = (catalogue: Catalogue, mail: CatalogueMail | null) => void | Promise<void>;

/** A catalogue that is in use already, and when DNS last said that it is right; milliseconds of Date. */
export interface CatalogueOfLastRun {
  readonly catalogue: Catalogue;
  readonly confirmedAt: number;
  /** Of the files that it is kept in. */
  readonly stamp: number;
}

/** After the thread has failed for the first time; then twice as long each time. */
const FIRST_RESTART_MS = 1_000;
const LAST_RESTART_MS = 60_000;
/** Who has worked for so long has got over what made it fail. */
const WELL_AFTER_MS = 300_000;
/** For what is being written to disk. */
const CLOSE_MS = 10_000;
const NOTHING_KNOWN: DiscoveryStatus = { registries: [], serials: {}, sources: {}, ageSeconds: null, problems: [] };

/**
 * Discovery in a thread of its own, as the query thread sees it. Catalogues come over in one step each. Should the thread fail, it
 * is started again, and goes on from the catalogue in use; meanwhile that one stays.
 */
export class DiscoveryThread {
  readonly #settings: DiscoverySettings;
  readonly #log: Logger;
  readonly #startThread: () => Worker;
  readonly #ready = Promise.withResolvers<void>();
  #worker: Worker | undefined;
  #catalogue = EMPTY_CATALOGUE;
  #onCatalogue: OnCatalogue | undefined;
  /** As last told, and when; microseconds of our clock. */
  #status = NOTHING_KNOWN;
  #toldAt = now();
  #kept: { readonly edition: number; readonly stamp: number } | undefined;
  #failure: string | undefined;
  #failures = 0;
  #startedAt = 0;
  #restart: NodeJS.Timeout | undefined;
  #closed = false;
  /** To be told that all has been read once. */
  readonly #awaiting: (() => void)[] = [];

  /** Starts the thread; nothing is read before `start`. `startThread` starts one, and another should it fail. */
  constructor(settings: DiscoverySettings, log: Logger, startThread: () => Worker = startDiscovery) {
    this.#settings = settings;
    this.#log = log;
    this.#startThread = startThread;
    // Who gives up before does not wait for it.
    this.#ready.promise.catch(() => undefined);
    this.#use(startThread());
  }

  /** Until it can be started. Throws ThreadRefusal where it cannot work as configured. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  get status(): DiscoveryStatus {
    const status = olderBy((now() - this.#toldAt) / 1e6, this.#status);
    if (this.#failure === undefined) return status;
    return { ...status, problems: [{ name: "discovery", problem: this.#failure }, ...status.problems] };
  }

  /** Whether the catalogue in use is on disk. */
  get isKept(): boolean {
    return this.#kept !== undefined && this.#kept.edition === this.#catalogue.columns.edition;
  }

  /**
   * Reads everything once, as far as it can be read, and goes on by itself. `kept`: the catalogue that is in use already;
   * `onCatalogue` is told of each that differs from the one before.
   */
  start(kept: CatalogueOfLastRun | undefined, onCatalogue: OnCatalogue): Promise<void> {
    if (kept !== undefined) {
      const { catalogue, confirmedAt, stamp } = kept;
      this.#catalogue = catalogue;
      this.#noteStatus({ ...NOTHING_KNOWN, ageSeconds: confirmedAt === 0 ? null : Math.max(0, Date.now() - confirmedAt) / 1000 });
      this.#kept = { edition: catalogue.columns.edition, stamp };
    }
    this.#onCatalogue = onCatalogue;
    this.#send({ type: "start", inUse: this.#inUse });
    return new Promise((done) => this.#awaiting.push(done));
  }

  /** Has a service read again because its QSAs do not answer; not more often than every 5 s. */
  recheckService(service: string): void {
    this.#send({ type: "recheck", service });
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#restart);
    const worker = this.#worker;
    if (worker === undefined) return;
    const ended = new Promise<void>((done) => worker.once("exit", () => { done(); }));
    const late = setTimeout(() => void worker.terminate(), CLOSE_MS);
    this.#send({ type: "close" });
    await ended;
    clearTimeout(late);
  }

  #use(worker: Worker): void {
    this.#worker = worker;
    this.#send({ type: "open", settings: this.#settings });
    this.#startedAt = performance.now();
    let failure = new Error("its thread has ended by itself");
    worker.on("error", (error: Error) => { failure = error; });
    worker.on("message", (message: FromDiscovery) => {
      if (message.type === "refused") failure = new ThreadRefusal(message.code, message.message);
      this.#hear(message);
    });
    worker.once("exit", () => {
      this.#worker = undefined;
      this.#ready.reject(failure);
      if (!this.#closed && this.#onCatalogue !== undefined) this.#fail(failure);
    });
  }

  /** The catalogue stays as it is. */
  #fail(failure: Error): void {
    if (performance.now() - this.#startedAt > WELL_AFTER_MS) this.#failures = 0;
    const wait = Math.min(LAST_RESTART_MS, FIRST_RESTART_MS * 2 ** this.#failures++);
    this.#failure = `its thread has failed, and is started again: ${failure.message}; the catalogue stays as it was`;
    this.#log.error(`discovery has failed, and is started again in ${wait / 1000} s: ${failure instanceof ThreadRefusal ? failure.message : failure.stack}`);
    this.#restart = setTimeout(() => {
      this.#use(this.#startThread());
      this.#send({ type: "start", inUse: this.#inUse });
    }, wait);
  }

  #hear(message: FromDiscovery): void {
    switch (message.type) {
      case "ready":
        return this.#ready.resolve();
      case "catalogue":
        this.#catalogue = openMail(message.mail, this.#catalogue);
        // Editions count from the start of the thread.
        if (this.#catalogue.columns.changed === undefined) this.#kept = undefined;
        return void this.#publish(message.number, message.mail);
      case "status":
        // It has looked at something: it works.
        this.#failure = undefined;
        return this.#noteStatus(message.status);
      case "kept":
        this.#kept = message;
        return;
      case "log":
        return this.#log[message.level](message.text);
      case "read":
        for (const done of this.#awaiting.splice(0)) done();
    }
  }

  #noteStatus(status: DiscoveryStatus): void {
    this.#status = status;
    this.#toldAt = now();
  }

  async #publish(number: number, mail: CatalogueMail | null): Promise<void> {
    try {
      await this.#onCatalogue?.(this.#catalogue, mail);
    } catch {
      // Who could not take it may go on with the one before.
      return;
    }
    this.#send({ type: "adopted", number });
  }

  get #inUse(): CatalogueInUse | undefined {
    const { columns } = this.#catalogue;
    if (this.#catalogue === EMPTY_CATALOGUE) return undefined;
    const { ageSeconds } = this.status;
    return { columns, confirmedAt: ageSeconds === null ? 0 : Math.round(Date.now() - ageSeconds * 1000), stamp: this.isKept ? this.#kept!.stamp : undefined };
  }

  #send(message: ToDiscovery): void {
    this.#worker?.postMessage(message);
  }
}

/** The same after some time: in seconds, for the time of day may step meanwhile. */
function olderBy(seconds: number, status: DiscoveryStatus): DiscoveryStatus {
  const older = (age: number | null): number | null => (age === null ? null : age + seconds);
  const nearer = (wait: number): number => Math.max(0, wait - seconds);
  return {
    ...status,
    ageSeconds: older(status.ageSeconds),
    registries: status.registries.map((registry) => ({
      ...registry,
      ageSeconds: older(registry.ageSeconds),
      failingSeconds: older(registry.failingSeconds),
      expiresInSeconds: registry.expiresInSeconds === null ? null : nearer(registry.expiresInSeconds),
      nextLookInSeconds: nearer(registry.nextLookInSeconds),
    })),
  };
}
