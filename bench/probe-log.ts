import type { Transmit } from "../src/core/engine.ts";
import { MAP_REQUEST_OCTETS, MessageType } from "../src/wire/index.ts";
import { EngineWatch } from "./engine-watch.ts";
import { monotonicMs } from "./monotonic.ts";

/** Where a Map Request has the address family; 0 in a null one. */
const FAMILY = 40;

/** When probes were seen, in order, and which server each was for: two columns of one table. Milliseconds of `monotonicMs`. */
export interface ProbeLog {
  readonly at: number[];
  readonly server: number[];
}

/** Notes the null Map Requests that come to an engine; the server is the link. */
export class ProbesReceived extends EngineWatch {
  readonly log: ProbeLog = { at: [], server: [] };

  override handleDatagram(now: number, peer: number, view: DataView, length: number): void {
    if (length >= MAP_REQUEST_OCTETS && view.getUint8(1) === MessageType.mapRequest && view.getUint8(FAMILY) === 0) note(this.log, this.peers.link(peer));
    super.handleDatagram(now, peer, view, length);
  }
}

/** Notes the null Map Requests that an engine sends; the server is the peer. */
export class ProbesSent extends EngineWatch {
  readonly log: ProbeLog = { at: [], server: [] };

  override pollTransmit(out: Transmit): boolean {
    if (!super.pollTransmit(out)) return false;
    if (out.length >= MAP_REQUEST_OCTETS && out.bytes[1] === MessageType.mapRequest && out.bytes[FAMILY] === 0) note(this.log, out.peer);
    return true;
  }
}

function note(log: ProbeLog, server: number): void {
  log.at.push(monotonicMs());
  log.server.push(server);
}

/** The most probes that fall into any stretch of 1 s. */
export function mostInOneSecond({ at }: ProbeLog): number {
  let most = 0;
  for (let first = 0, last = 0; last < at.length; last++) {
    while (at[last]! - at[first]! >= 1000) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
