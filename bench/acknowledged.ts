import type { Transmit } from "../src/core/engine.ts";
import { ACK_OCTETS, MAP_REPLY_OCTETS, MessageType } from "../src/wire/index.ts";
import { EngineWatch } from "./engine-watch.ts";

const ACK_VALUE = 44;
const UPDATE_NUMBER = 80;

/** Watches what goes in and out of an engine: whether a Cache Update is sent once more after its acknowledgement has come. */
export class AcknowledgedWatch extends EngineWatch {
  updates = 0;
  /** Sent more than once, for want of an acknowledgement. */
  repeated = 0;
  /** Sent after they had been acknowledged: there should be none. */
  sentInVain = 0;
  /** By peer and number, of what was sent: whether it was acknowledged. */
  readonly #acknowledged = new Map<number, boolean>();

  override handleDatagram(now: number, peer: number, view: DataView, length: number): void {
    if (length >= ACK_OCTETS && view.getUint8(1) === MessageType.cacheUpdateAck) {
      const key = keyOf(peer, view.getUint32(ACK_VALUE));
      if (this.#acknowledged.has(key)) this.#acknowledged.set(key, true);
    }
    super.handleDatagram(now, peer, view, length);
  }

  override pollTransmit(out: Transmit): boolean {
    if (!super.pollTransmit(out)) return false;
    if (out.length >= MAP_REPLY_OCTETS && out.bytes[1] === MessageType.cacheUpdate) this.#note(out);
    return true;
  }

  #note({ peer, bytes }: Transmit): void {
    const number = new DataView(bytes.buffer, bytes.byteOffset).getUint32(UPDATE_NUMBER);
    const key = keyOf(peer, number);
    const before = this.#acknowledged.get(key);
    this.updates++;
    if (before === undefined) this.#acknowledged.set(key, false);
    else if (before) this.sentInVain++;
    else this.repeated++;
  }
}

function keyOf(peer: number, number: number): number {
  return peer * 2 ** 32 + number;
}
