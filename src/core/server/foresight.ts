import type { Family } from "../../address/index.ts";
import { MAP_REQUEST_OCTETS, MessageType, requestFamily, requestKeyHi, requestKeyLo, typeOf } from "../../wire/index.ts";
import type { Cache } from "../cache/cache.ts";
import { NO_ENTRY } from "../cache/entry-table.ts";
import { type Foresight, MOST_FORESEEN } from "../engine.ts";
import { NO_PEER } from "../link/peer-table.ts";
import { type Ledger, NO_RECORD } from "./ledger.ts";

/** Tables of so few entries, or promises, stay in the processor's caches anyway. */
const FEW = 1 << 15;

/**
 * Looks at what the requests of a batch will need, before the first of them is answered: directories, leaves, rows and the ledger's places,
 * each for all requests in one pass. Where tables are large each of these comes from memory, and there a processor waits for many things
 * at a time as long as for one; a whole answer is too long for it to see the next one's needs. Nothing here is an answer: whatever
 * changes in between, it is only sooner at hand or not.
 */
export class RequestForesight implements Foresight {
  readonly #cache: Cache;
  readonly #ledger: Ledger;
  readonly #families = new Uint8Array(MOST_FORESEEN);
  readonly #hi = new Int32Array(MOST_FORESEEN);
  readonly #lo = new Int32Array(MOST_FORESEEN);
  readonly #peers = new Int32Array(MOST_FORESEEN);
  /** Leaves, then the entries in them. */
  readonly #found = new Int32Array(MOST_FORESEEN);
  readonly #records = new Int32Array(MOST_FORESEEN);
  #count = 0;
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
    const at = this.#count++;
    this.#families[at] = family;
    this.#hi[at] = hi;
    this.#lo[at] = lo;
    this.#peers[at] = peer;
  }

  look(): void {
    const cache = this.#cache;
    const ledger = this.#ledger;
    const found = this.#found;
    const count = this.#count;
    this.#count = 0;
    for (let at = 0; at < count; at++) found[at] = cache.leafOf(this.#families[at] as Family, this.#hi[at]!, this.#lo[at]!);
    let seen = 0;
    for (let at = 0; at < count; at++) seen ^= cache.glance(this.#families[at] as Family, found[at]!);
    for (let at = 0; at < count; at++) found[at] = cache.entryIn(this.#families[at] as Family, found[at]!, this.#hi[at]!, this.#lo[at]!);
    for (let at = 0; at < count; at++) if (found[at] !== NO_ENTRY) seen ^= cache.entries.glance(found[at]!);
    for (let at = 0; at < count; at++) if (found[at] !== NO_ENTRY) seen ^= cache.entries.glanceAtEtr(found[at]!);
    for (let at = 0; at < count; at++) this.#records[at] = found[at] === NO_ENTRY || this.#peers[at] === NO_PEER ? NO_RECORD : ledger.likely(found[at]!, this.#peers[at]!);
    for (let at = 0; at < count; at++) seen ^= this.#glanceAtRecord(at);
    this.seen = seen;
  }
  /** The record that an answer will renew; or what it will note a new one beside. */
  #glanceAtRecord(at: number): number {
    const record = this.#records[at]!;
    if (record !== NO_RECORD) return this.#ledger.glance(record);
    return this.#found[at] === NO_ENTRY || this.#peers[at] === NO_PEER ? 0 : this.#cache.entries.glanceAtLedger(this.#found[at]!);
  }
}
