import type { Socket } from "node:dgram";
import { formatEndpoint } from "../address/index.ts";
import type { ChangeReport } from "../core/mapping/mapping-store.ts";
import { now } from "../io/clock.ts";
import type { Qsa } from "../core/qsa.ts";
import { type Send, UdpDriver } from "../io/udp-driver.ts";
import { type QsaOptions, newQsa } from "./new-qsa.ts";
import type { WorldSite } from "./world.ts";

/** One QSA of `drtm up`, which can be taken down and brought back as another process could. */
export class Site {
  readonly world: WorldSite;
  readonly rttMs: number;
  readonly #options: QsaOptions;
  #node: { readonly engine: Qsa; readonly driver: UdpDriver } | undefined;

  constructor(world: WorldSite, rttMs: number, options: QsaOptions) {
    this.world = world;
    this.rttMs = rttMs;
    this.#options = options;
  }

  get isUp(): boolean {
    return this.#node !== undefined;
  }

  get endpoint(): string {
    return formatEndpoint(this.world.address, this.world.port);
  }

  /** Starts it, with an epoch of its own and an empty ledger, as after a reboot. Throws ListenError. */
  async up(): Promise<void> {
    const { store, address, port } = this.world;
    if (this.#node !== undefined) return;
    const engine = newQsa(this.#options, store);
    const driver = await UdpDriver.open(engine, [{ address, port }], { send: this.rttMs > 0 ? sendAfter(this.rttMs) : undefined });
    this.#node = { engine, driver };
  }

  async down(): Promise<void> {
    const node = this.#node;
    this.#node = undefined;
    await node?.driver.close();
  }

  /** Tells its queriers of a change of the store. */
  noteChange(report: ChangeReport): void {
    this.#node?.engine.noteChange(now(), report);
    this.#node?.driver.wake();
  }
}

/** Holds every datagram back for the site's whole round-trip time, as its distance would. */
function sendAfter(rttMs: number): Send {
  return (socket, bytes, port, address) => {
    setTimeout(() => {
      sendIfOpen(socket, bytes, port, address);
    }, rttMs);
  };
}

function sendIfOpen(socket: Socket, bytes: Uint8Array, port: number, address: string): void {
  try {
    socket.send(bytes, port, address, () => undefined);
  } catch {
    // The site was taken down while the datagram was under way: it is lost, as it would be.
  }
}
