import type { Socket } from "node:dgram";
import { formatEndpoint } from "../address/index.ts";
import type { ChangeReport } from "../core/mapping/mapping-store.ts";
import { now } from "../io/clock.ts";
import type { Send } from "../io/udp-driver.ts";
import { QsaNode, type QsaNodeOptions } from "./qsa-node.ts";
import type { WorldSite } from "./world.ts";

/** One QSA of `drtm up`, which can be taken down and brought back as another process could. */
export class Site {
  readonly world: WorldSite;
  readonly rttMs: number;
  readonly #options: QsaNodeOptions;
  #node: QsaNode | undefined;

  constructor(world: WorldSite, rttMs: number, options: QsaNodeOptions) {
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
    this.#node ??= await QsaNode.open(this.#options, store, [{ address, port }], this.rttMs > 0 ? sendAfter(this.rttMs) : undefined);
  }

  async down(): Promise<void> {
    const node = this.#node;
    this.#node = undefined;
    await node?.close();
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
