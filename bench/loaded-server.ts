import { Child } from "./child.ts";
import { ReferenceServer } from "./reference-server.ts";

/** Server and generator have a core each. */
export const SERVER_CORE = 0;
export const GENERATOR_CORE = 1;

/** A server in a process of its own, on a core of its own. */
export interface LoadedServer {
  readonly name: string;
  readonly kind: "echo" | keyof typeof NAMES;
  readonly port: number;
  /** Whether it answers, from a cache; others send back what comes. */
  readonly answers: boolean;
  cpuMicroseconds(): number | Promise<number>;
  stop(): Promise<void>;
}

/** What each client, and each network of clients, may ask in a second. */
export interface ClientRates {
  readonly perClient: number;
  readonly perNetwork: number;
}

const NAMES = { "dgram-echo": "echo by node:dgram", dgram: "cached answers by node:dgram", batches: "cached answers by batches" } as const;

export async function startGenerator(): Promise<Child> {
  return (await Child.start("load-generator.ts", [], GENERATOR_CORE)).child;
}

export async function startEchoInC(): Promise<LoadedServer> {
  const echo = await ReferenceServer.start("echo", SERVER_CORE);
  return { name: "echo in C", kind: "echo", port: echo.port, answers: false, cpuMicroseconds: () => echo.cpuMicroseconds(), stop: () => echo.stop() };
}

/** Without `rates`, clients are counted as ever, but none reaches its limit. */
export async function startServer(kind: keyof typeof NAMES, micronets: number, rates?: ClientRates): Promise<LoadedServer> {
  const limits = rates === undefined ? [] : [rates.perClient, rates.perNetwork];
  const { child, ready } = await Child.start<{ port: number }>("answer-server.ts", [kind, micronets, ...limits].map(String), SERVER_CORE);
  return {
    name: NAMES[kind],
    kind,
    port: ready.port,
    answers: kind !== "dgram-echo",
    cpuMicroseconds: async () => (await child.ask<{ cpuMicroseconds: number }>("cpu")).cpuMicroseconds,
    stop: () => child.stop(),
  };
}
