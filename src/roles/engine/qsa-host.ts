import { type IpAddress, type Range, formatIp } from "../../address/index.ts";
import type { QsaConfig } from "../../config/schema.ts";
import type { ChangeReport, MappingStore } from "../../core/mapping/mapping-store.ts";
import type { Qsa } from "../../core/qsa.ts";
import { hugeMemory } from "../../io/batch/huge-memory.ts";
import { loadNative } from "../../io/batch/native.ts";
import { ChangeLog } from "../../io/change-log.ts";
import { now } from "../../io/clock.ts";
import { type OpenedDriver, openDriver } from "../../io/driver.ts";
import type { LoadShift } from "../../wire/index.ts";
import { newQsa } from "../new-qsa.ts";
import { readStore } from "../read-store.ts";
import type { ShareReport, StatusReport } from "../reports.ts";
import { type EngineStatus, engineStatus } from "./engine-status.ts";

/** A QSA with its mapping, and the changes made to it, in its thread. */
export class QsaHost {
  readonly opened: OpenedDriver;
  readonly #config: QsaConfig;
  readonly #engine: Qsa;
  readonly #changes: ChangeLog;

  private constructor(config: QsaConfig, engine: Qsa, opened: OpenedDriver, changes: ChangeLog) {
    this.#config = config;
    this.#engine = engine;
    this.opened = opened;
    this.#changes = changes;
  }

  /** Throws what is wrong with the mapping files and the log of changes, ListenError, and DriverError. */
  static async open(config: QsaConfig): Promise<QsaHost> {
    const store = readStore(config.mapping);
    const changes = ChangeLog.open(config.changes ?? `${config.mapping[0]}.changes`, store);
    const engine = newQsa(config, store, hugeMemory(loadNative(), config.cache));
    return new QsaHost(config, engine, await openDriver(config.driver, engine, config.listen), changes);
  }

  async close(): Promise<void> {
    await this.opened.driver.close();
    this.#changes.close();
  }

  status(): EngineStatus {
    return engineStatus(this.#engine, this.opened.driver, this.#config.listen.length);
  }

  mapping(): NonNullable<StatusReport["mapping"]> {
    return { mabs: this.#store.mabs.length, micronets: this.#store.micronets };
  }

  /** What would keep changes from being kept. */
  obstacle(): string | undefined {
    return this.#changes.obstacle;
  }

  /** Changes the mapping of a range (null: to none), on disk first. Throws MappingError, and ChangeLogError. */
  change(range: Range, etr: IpAddress | null): ChangeReport {
    this.#changes.append(this.#store.plan(range, etr));
    const report = this.#store.change(range, etr);
    this.#engine.noteChange(now(), report);
    this.opened.driver.wake();
    return report;
  }

  /** Asks queriers to keep a part of their load with this QSA. */
  setShare(shift: LoadShift): void {
    this.#engine.server.shift.set(now(), shift);
  }

  share(): ShareReport {
    const offered = this.#engine.server.shift.current(now());
    if (offered === undefined) return { share: 100, remainingSeconds: 0, alternatives: [] };
    const alternatives = offered.shift.alternatives.map((alternative) => (typeof alternative === "string" ? alternative : formatIp(alternative)));
    return { share: offered.shift.share, remainingSeconds: Math.ceil(offered.remainingMs / 1000), alternatives };
  }

  get #store(): MappingStore {
    return this.#engine.store;
  }
}
