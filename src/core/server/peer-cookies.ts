import type { Header } from "../../wire/index.ts";
import type { PeerTable } from "../link/peer-table.ts";
import { CookieState, type Secret, ServerCookies, stateByAge } from "./cookies.ts";

/** Words of a peer's row: its generation, the client cookie, the server cookie; one is left, so that a row lies in one line of the processor's cache. */
const WIDTH = 8;

/**
 * Server cookies of peers. The one that a peer proved itself with last is kept, so that it need not be computed again for each of its
 * requests: who brings the same from the same address has the right one.
 */
export class PeerCookies {
  readonly #peers: PeerTable;
  readonly #cookies: ServerCookies;
  /** All zero, which is no cookie's version, where none is kept. */
  readonly #proven: Uint32Array;

  constructor(secret: Secret, peers: PeerTable) {
    this.#peers = peers;
    this.#cookies = new ServerCookies(secret);
    this.#proven = new Uint32Array(peers.capacity * WIDTH);
  }

  /** Issues from a new secret; what the one before has issued stays good until the next rotation. */
  rotate(secret: Secret): void {
    this.#cookies.rotate(secret);
    this.#proven.fill(0);
  }

  /** Puts a fresh server cookie for a peer beside the client cookie in `header`. */
  issue(now: number, peer: number, header: Header): void {
    const p = this.#peers;
    this.#cookies.issue(header, p.family(peer), p.word(peer, 0), p.word(peer, 1), p.word(peer, 2), p.word(peer, 3), seconds(now));
  }

  check(now: number, peer: number, header: Header): CookieState {
    if (this.#isProven(peer, header)) return stateByAge(header, seconds(now));
    const p = this.#peers;
    const state = this.#cookies.check(header, p.family(peer), p.word(peer, 0), p.word(peer, 1), p.word(peer, 2), p.word(peer, 3), seconds(now));
    // One from the secret before is to be renewed, whatever its age.
    if (state === CookieState.valid) this.#keep(peer, header);
    return state;
  }

  /** One comparison of all bits, so that its time does not tell how many octets were right. */
  #isProven(peer: number, header: Header): boolean {
    const proven = this.#proven;
    const at = peer * WIDTH;
    const difference =
      (proven[at]! ^ this.#peers.generation[peer]!) |
      (proven[at + 1]! ^ header.clientCookieHi) |
      (proven[at + 2]! ^ header.clientCookieLo) |
      (proven[at + 3]! ^ header.server0) |
      (proven[at + 4]! ^ header.server1) |
      (proven[at + 5]! ^ header.server2) |
      (proven[at + 6]! ^ header.server3);
    return difference === 0 && header.hasServerCookie;
  }

  #keep(peer: number, header: Header): void {
    const at = peer * WIDTH;
    this.#proven[at] = this.#peers.generation[peer]!;
    this.#proven[at + 1] = header.clientCookieHi;
    this.#proven[at + 2] = header.clientCookieLo;
    this.#proven[at + 3] = header.server0;
    this.#proven[at + 4] = header.server1;
    this.#proven[at + 5] = header.server2;
    this.#proven[at + 6] = header.server3;
  }
}

function seconds(now: number): number {
  return Math.floor(now / 1_000_000);
}
