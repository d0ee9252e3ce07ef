/**
 * Asks a LISP Map-Server for addresses of its mappings drawn evenly: so many Map-Requests are in flight, and each Map-Reply is
 * followed by a request. What a reply says is compared with what it must say. System calls are for whole batches.
 */
import { type IpAddress, formatIp, ipv4 } from "../src/address/index.ts";
import type { Native } from "../src/io/batch/native.ts";
import { ReceiveBatch } from "../src/io/batch/receive-batch.ts";
import { SendBatch } from "../src/io/batch/send-batch.ts";
import { UdpSocket } from "../src/io/batch/udp-socket.ts";
import { Waiter } from "../src/io/batch/waiter.ts";
import { nextU32 } from "../src/io/random.ts";
import { serveParent } from "./child.ts";
import { ENCAPSULATED_REQUEST_OCTETS, LISP_CONTROL_PORT, type LispReply, decodeMapReply, encodeEncapsulatedRequest } from "./lisp-messages.ts";
import { requireNative } from "./load-querier.ts";
import { ETR, MICRONET_ADDRESSES, PREFIX_LENGTH, prefixOf } from "./micronets.ts";

export interface LispLoad {
  /** Of the Map-Server, and of the ITR that asks. */
  readonly address: IpAddress;
  readonly mappings: number;
  readonly inFlight: number;
  /** For how long; undefined: until each mapping was asked for once. */
  readonly milliseconds: number | undefined;
}

export interface LispResult {
  readonly answers: number;
  readonly seconds: number;
  readonly cpuMicroseconds: number;
}

interface Asked {
  readonly nonceHi: number;
  readonly mapping: number;
}

/** None is lost on the way while fewer are in flight than a socket holds: who waits so long will get no answer. */
const PATIENCE = 2_000_000;
const MOST_REPLY_OCTETS = 512;

class LispLoop {
  readonly #load: LispLoad;
  readonly #socket: UdpSocket;
  readonly #waiter: Waiter;
  readonly #receive: ReceiveBatch;
  readonly #send: SendBatch;
  readonly #request = new DataView(new ArrayBuffer(ENCAPSULATED_REQUEST_OCTETS));
  readonly #octets = new Uint8Array(this.#request.buffer);
  /** What is in flight, by the lower word of its nonce. */
  readonly #asked = new Map<number, Asked>();
  #requests = 0;
  #answers = 0;

  constructor(native: Native, load: LispLoad) {
    this.#load = load;
    this.#socket = new UdpSocket(native, load.address, 0, { withDestination: false });
    this.#waiter = new Waiter(native, [this.#socket.descriptor]);
    this.#receive = new ReceiveBatch(native, load.inFlight, MOST_REPLY_OCTETS);
    this.#send = new SendBatch(native, load.inFlight, ENCAPSULATED_REQUEST_OCTETS, { sent: 0, sendErrors: 0 }, false);
  }

  run(): LispResult {
    const { inFlight, mappings, milliseconds } = this.#load;
    const before = process.cpuUsage();
    const started = performance.now();
    this.#ask(inFlight);
    while (milliseconds === undefined ? this.#requests < mappings : performance.now() < started + milliseconds) this.#ask(this.#take());
    while (this.#asked.size > 0) this.#take();
    const seconds = (performance.now() - started) / 1000;
    const { user, system } = process.cpuUsage(before);
    this.#socket.close();
    this.#waiter.close();
    return { answers: this.#answers, seconds, cpuMicroseconds: user + system };
  }

  /** Waits for replies; gives how many have come. */
  #take(): number {
    if (this.#waiter.wait(PATIENCE) === 0) throw new Error(`${this.#asked.size} Map-Requests had no Map-Reply within ${PATIENCE / 1e6} s, after ${this.#answers} that had`);
    const received = this.#receive.receive(this.#socket.descriptor);
    for (let datagram = 0; datagram < received; datagram++) this.#check(decodeMapReply(this.#receive.data(datagram), this.#receive.length(datagram)));
    this.#answers += received;
    return received;
  }

  #check({ nonceHi, nonceLo, prefix, length, rloc }: LispReply): void {
    const asked = this.#asked.get(nonceLo);
    if (asked?.nonceHi !== nonceHi) throw new Error("a Map-Reply with a nonce that is of no Map-Request in flight");
    this.#asked.delete(nonceLo);
    const wanted = prefixOf(asked.mapping, this.#load.mappings);
    if (prefix === wanted && length === PREFIX_LENGTH && rloc === ETR.words[0]) return;
    const said = `${formatIp(ipv4(prefix))}/${length} at ${rloc === undefined ? "no locator" : formatIp(ipv4(rloc))}`;
    throw new Error(`a Map-Reply for ${said}, in place of ${formatIp(ipv4(wanted))}/${PREFIX_LENGTH} at ${formatIp(ETR)}`);
  }

  #ask(requests: number): void {
    const { address, mappings, milliseconds } = this.#load;
    const [itr, { port }] = [address.words[0], this.#socket];
    for (let request = 0; request < requests; request++) {
      const number = this.#requests++;
      const mapping = milliseconds === undefined ? number % mappings : Math.floor(Math.random() * mappings);
      const [nonceHi, nonceLo] = [nextU32(), this.#freeNonce()];
      this.#asked.set(nonceLo, { nonceHi, mapping });
      const eid = prefixOf(mapping, mappings) + (number % MICRONET_ADDRESSES);
      encodeEncapsulatedRequest(this.#request, { itr, port, nonceHi, nonceLo, eid });
      this.#send.add(this.#octets, ENCAPSULATED_REQUEST_OCTETS, 4, itr, 0, 0, 0, LISP_CONTROL_PORT);
    }
    this.#send.flush(this.#socket.descriptor);
  }

  #freeNonce(): number {
    for (;;) {
      const nonce = nextU32();
      if (!this.#asked.has(nonce)) return nonce;
    }
  }
}

const native = requireNative();

serveParent({}, (load: LispLoad) => new LispLoop(native, load).run());
