import type { QsaHost } from "./qsa-host.ts";
import type { QscHost } from "./qsc-host.ts";
import type { QsrHost } from "./qsr-host.ts";

/** What runs in an engine thread, by role. */
export interface Hosts {
  readonly qsr: QsrHost;
  readonly qsa: QsaHost;
  readonly qsc: QscHost;
}

export type EngineRole = keyof Hosts;

/** What a host is opened with. */
export interface HostSettings {
  readonly qsr: Parameters<typeof QsrHost.open>[0];
  readonly qsa: Parameters<typeof QsaHost.open>[0];
  readonly qsc: Parameters<typeof QscHost.open>[0];
}

/** What the thread is given at its start. */
export interface EngineWorkerData {
  readonly role: EngineRole;
}

/** From the control thread to the engine's. */
export type ToEngine =
  /** `waits`: whether it takes no datagrams before it is told to begin. */
  | { readonly type: "open"; readonly settings: unknown; readonly waits: boolean }
  | { readonly type: "begin" }
  /** Calls a method of the host. */
  | { readonly type: "call"; readonly id: number; readonly method: string; readonly values: readonly unknown[] }
  | { readonly type: "close" };

/** From the engine's thread to the control thread. */
export type FromEngine =
  /** It has its sockets. */
  | { readonly type: "open"; readonly means: string; readonly alarm: number | undefined }
  /** It cannot work as configured. */
  | { readonly type: "refused"; readonly code: string; readonly message: string }
  | { readonly type: "result"; readonly id: number; readonly value: unknown }
  /** What was asked for cannot be; `status` is HTTP's. */
  | { readonly type: "fault"; readonly id: number; readonly status: number; readonly message: string };
