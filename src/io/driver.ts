import type { Engine } from "../core/engine.ts";
import { BatchLoop } from "./batch/batch-loop.ts";
import type { PauseReport } from "./batch/pause-counts.ts";
import { loadNative } from "./batch/native.ts";
import { UdpSocket } from "./batch/udp-socket.ts";
import { ListenError } from "./listen-error.ts";
import type { Binding, UdpDriver } from "./udp-driver.ts";

/** Counts of datagrams. */
export type DriverCounters = Readonly<UdpDriver["counters"]>;

/** Runs an engine on UDP sockets, one for each link. */
export interface Driver {
  readonly counters: DriverCounters;
  /** How often datagrams had to wait for how long; undefined where it is not known. */
  readonly pauses?: PauseReport;
  /** Address and port of a link, as bound. */
  endpoint(link: number): string;
  /** Takes datagrams from now on. */
  begin(): void;
  /** Sends what the engine has ready, and plans its next timeout; call it after speaking to the engine directly. */
  wake(): void;
  close(): Promise<void>;
}

/** `batched`: system calls for many datagrams at a time, on Linux; `dgram`: node:dgram, anywhere; `auto`: the first where it can be had. */
export type DriverKind = "auto" | "batched" | "dgram";

export interface OpenedDriver {
  readonly driver: Driver;
  /** How datagrams come and go, for a person to read. */
  readonly means: string;
  /**
   * The driver may be waiting for datagrams when another thread has sent a message: who writes a 64-bit number, one, to this file
   * descriptor ends that. It is theirs to close, after the driver. Undefined where messages are heard anyway.
   */
  readonly alarm: number | undefined;
}

/** The driver that was asked for cannot be had here. */
export class DriverError extends Error {
  override readonly name = "DriverError";
  readonly code = "DRTM_DRIVER";
}

/** Binds a socket for each link, in order, and takes nothing yet; for a thread that does nothing else. Throws ListenError, and DriverError. */
export async function openDriver(kind: DriverKind, engine: Engine, bindings: readonly Binding[]): Promise<OpenedDriver> {
  if (kind === "dgram") return singly(engine, bindings, "as configured");
  const native = loadNative();
  if (typeof native !== "string") {
    const driver = new BatchLoop(native, engine, bindings);
    return { driver, means: "in batches, by system calls", alarm: driver.alarm };
  }
  if (kind === "batched") throw new DriverError(`datagrams cannot be had in batches: ${native.split("\n")[0]}; take "driver: auto", or install koffi for this machine`);
  return singly(engine, bindings, `batches cannot be had: ${native.split("\n")[0]}`);
}

/** Whether a socket can be bound so: an address family may be missing on this machine. */
export async function canBind(binding: Binding): Promise<boolean> {
  const native = loadNative();
  if (typeof native === "string") return (await bySockets()).canBind(binding);
  try {
    new UdpSocket(native, binding.address, binding.port, { withDestination: false }).close();
    return true;
  } catch (error) {
    if (error instanceof ListenError) return false;
    throw error;
  }
}

/** Loaded where batches cannot be had, or are not wanted. */
const bySockets = async () => import("./udp-driver.ts");

async function singly(engine: Engine, bindings: readonly Binding[], reason: string): Promise<OpenedDriver> {
  const driver = await (await bySockets()).UdpDriver.open(engine, bindings, { waits: true });
  return { driver, means: `one at a time, by node:dgram (${reason})`, alarm: undefined };
}
