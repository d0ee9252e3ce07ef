import type { Family } from "../../address/index.ts";
import { MAP_REQUEST_OCTETS, MessageType, requestFamily, requestKeyHi, requestKeyLo, typeOf } from "../../wire/index.ts";
import type { Cache } from "../cache/cache.ts";
import { NO_ENTRY } from "../cache/entry-table.ts";
import { type Foresight, MOST_FORESEEN } from "../engine.ts";
import { NO_PEER } from "../link/peer-table.ts";
import { KeyBatch } from "../tables/key-batch.ts";
import { type Ledger, NO_RECORD } from "./ledger.ts";

/** Tables of so few entries, or promises, stay in the processor's caches anyway. */
const FEW = 1 << 15;

/** Keys of one family, and the peers that are about to ask for them. */
class Asked {
  readonly keys = new KeyBatch(MOST_FORESEEN);
  readonly peers = new Int32Array(MOST_FORESEEN);
}

/**
 * Looks at what the requests of a batch will need, before the first of them is answered: directories, leaves, rows and the ledger's places,
 * each for all requests in one pass. Where tables are large each of these comes from memory, and there a processor waits for many things
 * at a time as long as for one; a whole answer is too long for it to see the next one's needs. Nothing here is an answer: whatever
 * changes in between, it is only sooner at hand or not.
 */
export class RequestForesight implements Foresight {
  readonly #cache: Cache;
  readonly #ledger: Ledger;
  readonly #ipv4 = new Asked();
  readonly #ipv6 = new Asked();
  readonly #records = new Int32Array(MOST_FORESEEN);
  /** What was read: so that it is read indeed. */
  seen = 0;

  constructor(cache: Cache, ledger: Ledger) {
    this.#cache = cache;
    this.#ledger = ledger;
  }

  get isWorthIt(): boolean {
    return this.#cache.entries.highWater > FEW || this.#ledger.highWater > FEW;
  }

  note(peer: number, view: DataView, length: number): void {
    if (length < MAP_REQUEST_OCTETS || typeOf(view) !== MessageType.mapRequest) return;
    const family = requestFamily(view);
    if (family === 4 || family === 6) this.noteKey(peer, family, requestKeyHi(view), requestKeyLo(view));
  }

  /** Notes that a peer is about to ask for a key. */
  noteKey(peer: number, family: Family, hi: number, lo: number): void {
    const { keys, peers } = family === 4 ? this.#ipv4 : this.#ipv6;
    peers[keys.count] = peer;
    keys.add(hi, lo);
  }

  look(): void {
    this.seen = this.#lookAt(4, this.#ipv4) ^ this.#lookAt(6, this.#ipv6);
  }

  #lookAt(family: Family, { keys, peers }: Asked): number {
    if (keys.count === 0) return 0;
    const { found, count } = keys;
    const records = this.#records;
    const ledger = this.#ledger;
    let seen = this.#cache.lookAhead(family, keys);
    for (let at = 0; at < count; at++) records[at] = found[at] === NO_ENTRY || peers[at] === NO_PEER ? NO_RECORD : ledger.likely(found[at]!, peers[at]!);
    // The record that an answer will renew; or what it will note a new one beside.
    for (let at = 0; at < count; at++) {
      if (records[at] !== NO_RECORD) seen ^= ledger.glance(records[at]!);
      else if (found[at] !== NO_ENTRY && peers[at] !== NO_PEER) seen ^= this.#cache.entries.glanceAtLedger(found[at]!);
    }
    keys.count = 0;
    return seen;
  }
}
