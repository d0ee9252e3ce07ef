import { respond } from "../dns/authority/respond.ts";
import { Zone } from "../dns/authority/zone.ts";
import { MessageError } from "../dns/message/index.ts";
import type { ResourceRecord } from "../dns/records/index.ts";
import type { ConnectionLimits } from "./connection-guard.ts";
import { DnsListener, type DnsSender } from "./dns-listener.ts";

/** RFC 1035 section 4.2.2. */
const TCP_PAYLOAD = 65_535;

export interface DnsServerOptions extends ConnectionLimits {
  /** Whether a source gets more octets over UDP than it has sent. Others could be victims whose address was forged. */
  readonly isNear: (address: string) => boolean;
}

const DEFAULTS: DnsServerOptions = { maxConnections: 256, queryDeadlineMs: 10_000, mostUnreadOctets: 262_144, isNear: isLoopback };

/** A small authoritative DNS server for `drtm up`, tests and benchmarks (docs/adr/0004). */
export class DnsServer {
  readonly counters = { queries: 0, ignored: 0, malformed: 0 };
  readonly #zones = new Map<string, Zone>();
  readonly #isNear: (address: string) => boolean;
  readonly #listener: DnsListener;

  constructor(zones: readonly (readonly ResourceRecord[])[], options: Partial<DnsServerOptions> = {}) {
    const { isNear, ...limits } = { ...DEFAULTS, ...options };
    this.#isNear = isNear;
    this.#listener = new DnsListener({ ...limits, purpose: "serve DNS", onMessage: (message, sender) => this.#answer(message, sender) });
    for (const records of zones) this.replaceZone(records);
  }

  /** Serves these records from now on in place of what was served for their apex. Throws ZoneDataError. */
  replaceZone(records: readonly ResourceRecord[]): void {
    const zone = new Zone(records);
    this.#zones.set(zone.apex, zone);
  }

  /** Listens on UDP and TCP of one port (0: a free one) and gives that port. Throws ListenError. */
  listen(address: string, port: number): Promise<number> {
    return this.#listener.listen(address, port);
  }

  /** Stops listening; it may listen again afterwards. */
  close(): Promise<void> {
    return this.#listener.close();
  }

  #answer(message: Uint8Array, { address, isUdp }: DnsSender): Uint8Array | undefined {
    const limit = (udpRoom: number): number => {
      if (!isUdp) return TCP_PAYLOAD;
      return this.#isNear(address) ? udpRoom : Math.min(udpRoom, message.length);
    };
    try {
      const response = respond(message, this.#zones.values(), limit);
      this.counters[response === undefined ? "ignored" : "queries"]++;
      return response;
    } catch (error) {
      if (!(error instanceof MessageError)) throw error;
      this.counters.malformed++;
      return undefined;
    }
  }
}

function isLoopback(address: string): boolean {
  return address === "::1" || /^(::ffff:)?127\./.test(address);
}
