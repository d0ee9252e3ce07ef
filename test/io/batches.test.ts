import { afterEach, describe, expect, test } from "vitest";
import { type Family, formatIp, parseIp } from "../../src/address/index.ts";
import { MessageBlock } from "../../src/io/batch/message-block.ts";
import { type Native, loadNative } from "../../src/io/batch/native.ts";
import { ReceiveBatch } from "../../src/io/batch/receive-batch.ts";
import { appendSegmentSize } from "../../src/io/batch/segments.ts";
import { SendBatch } from "../../src/io/batch/send-batch.ts";
import { socketAddressLength, writeSocketAddress } from "../../src/io/batch/socket-address.ts";
import { UdpSocket } from "../../src/io/batch/udp-socket.ts";
import { Waiter } from "../../src/io/batch/waiter.ts";

const SLOTS = 64;
const MOST = 2_000;
const PATIENCE = 2_000_000;
const SOL_SOCKET = 1;
const SO_NO_CHECK = 11;
const LOOPBACK = "127.0.0.1";

interface Received {
  readonly text: string;
  readonly from: string;
  readonly to: string | undefined;
}

const loaded = loadNative();
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

describe.runIf(typeof loaded !== "string")("datagrams by batches", () => {
  const native = loaded as Native;

  function open(address = LOOPBACK, withDestination = false): UdpSocket {
    const socket = new UdpSocket(native, parseIp(address), 0, { withDestination });
    closing.push(() => {
      socket.close();
    });
    return socket;
  }

  /** What sends, and with how many messages it has done so. */
  function sender() {
    const counters = { sent: 0, sendErrors: 0 };
    const handed: number[] = [];
    const counting: Native = {
      ...native,
      sendmmsg: (socket, messages, count, flags) => {
        handed.push(count);
        return native.sendmmsg(socket, messages, count, flags);
      },
    };
    return { batch: new SendBatch(counting, SLOTS, MOST, counters), counters, handed };
  }

  function receive(socket: UdpSocket, count: number): Received[] {
    const waiter = new Waiter(native, [socket.descriptor]);
    closing.push(() => {
      waiter.close();
    });
    const batch = new ReceiveBatch(native, SLOTS, MOST);
    const found: Received[] = [];
    while (found.length < count && waiter.wait(PATIENCE) > 0) {
      const received = batch.receive(socket.descriptor);
      for (let datagram = 0; datagram < received; datagram++) found.push(read(batch, datagram));
    }
    return found;
  }

  test("those that follow each other to one place, as long as each other, are one message, and arrive as they were", () => {
    const [from, to, other] = [open(), open(), open()];
    const { batch, counters, handed } = sender();
    const texts = [...numbered(20, 100), ...numbered(3, 50), ...numbered(2, 100)];
    const apart = texts.slice(0, 23).map((text) => add(batch, text, to));
    apart.push(add(batch, "elsewhere", other), ...texts.slice(23).map((text) => add(batch, text, to)));
    batch.flush(from.descriptor);
    expect([handed, counters, batch.size]).toEqual([[4], { sent: 26, sendErrors: 0 }, 0]);
    expect(apart.flatMap((isApart, index) => (isApart ? [index] : []))).toEqual([0, 20, 23, 24]);
    expect(receive(to, texts.length).map(({ text }) => text)).toEqual(texts);
    expect(receive(other, 1)).toEqual([{ text: "elsewhere", from: `${LOOPBACK}:${from.port}`, to: undefined }]);
  });

  test("as many as there are slots; and one that is longer than any path takes goes by itself", () => {
    const [from, to] = [open(), open()];
    const { batch, handed } = sender();
    for (const octets of [1232, 1233, 7]) {
      const texts = numbered(SLOTS, octets);
      for (const text of texts) add(batch, text, to);
      expect(batch.isFull).toBe(true);
      batch.flush(from.descriptor);
      expect(receive(to, texts.length).map(({ text }) => text)).toEqual(texts);
    }
    // 65,000 octets hold 52 of 1232.
    expect(handed).toEqual([2, SLOTS, 1]);
  });

  test("a message of more datagrams than we would send", (context) => {
    const [from, to] = [open(), open()];
    const block = new MessageBlock(native, 1, 4096);
    const texts = numbered(128, 30);
    new Uint8Array(block.data[0]!.buffer, block.data[0]!.byteOffset).set(Buffer.from(texts.join("")));
    block.setVectorLength(0, 128 * 30);
    block.setControlLength(0, 0);
    appendSegmentSize(block, 0, 30);
    writeSocketAddress(block.view, block.nameAt(0), to.address, to.port);
    block.setNameLength(0, socketAddressLength(4));
    const sent = native.sendmmsg(from.descriptor, block.headerAddress(0), 1, 0);
    // Kernels that take 64 at most say so.
    if (sent < 0) context.skip();
    expect(receive(to, texts.length).map(({ text }) => text)).toEqual(texts);
  });

  test("one after the other, of other lengths and none, are not taken for what was there before", () => {
    const [from, to] = [open(), open()];
    const { batch } = sender();
    for (const texts of [numbered(9, 104), numbered(9, 33), ["", "a", "", "bc"], numbered(9, 104)]) {
      for (const text of texts) add(batch, text, to);
      batch.flush(from.descriptor);
      expect(receive(to, texts.length).map(({ text }) => text)).toEqual(texts);
    }
  });

  test.each<[Family, string, string, string]>([
    [4, "0.0.0.0", "127.0.0.7", "127.0.0.8"],
    [6, "::", "::1", "::1"],
  ])("over IPv%i they leave from the address that is wanted, and are told where they were sent", (_family, any, source, target) => {
    const [from, to] = [open(any), open(any, true)];
    const { batch, handed } = sender();
    const texts = numbered(3, 20);
    for (const text of texts) if (add(batch, text, to, target)) batch.from(from.family, Uint32Array.from(parseIp(source).words), 0);
    batch.flush(from.descriptor);
    expect(handed).toEqual([1]);
    const host = from.family === 6 ? formatIp(parseIp(source)) : source;
    expect(receive(to, 3)).toEqual(texts.map((text) => ({ text, from: `${host}:${from.port}`, to: target })));
  });

  test("where the way out does not cut messages, all go apart, and are not joined again", () => {
    const [from, to] = [open(), open()];
    // The kernel cuts nothing where it makes no checksums.
    const value = new ArrayBuffer(4);
    new DataView(value).setInt32(0, 1, true);
    expect(native.setsockopt(from.descriptor, SOL_SOCKET, SO_NO_CHECK, native.addressOf(value), 4)).toBe(0);
    const { batch, counters, handed } = sender();
    const texts = numbered(5, 30);
    for (const round of [1, 2]) {
      for (const text of texts) add(batch, text, to);
      batch.flush(from.descriptor);
      expect(receive(to, texts.length).map(({ text }) => text)).toEqual(texts);
      expect(counters).toEqual({ sent: 5 * round, sendErrors: 0 });
    }
    expect(handed).toEqual([1, 1, 1, 1, 1, 1, 5]);
  });

  test("what nobody can take is counted, and what comes after it goes", () => {
    const [from, to] = [open(), open()];
    const { batch, counters } = sender();
    for (const text of ["a", "b"]) batch.add(Buffer.from(text), 1, 4, 0xf0000001, 0, 0, 0, 9);
    add(batch, "c", to);
    batch.flush(from.descriptor);
    expect(receive(to, 1).map(({ text }) => text)).toEqual(["c"]);
    expect(counters).toEqual({ sent: 1, sendErrors: 2 });
  });
});

function numbered(count: number, octets: number): string[] {
  return Array.from({ length: count }, (_, index) => `${index} `.padEnd(octets, "."));
}

function add(batch: SendBatch, text: string, to: UdpSocket, address = formatIp(to.address)): boolean {
  const { family, words } = parseIp(address);
  return batch.add(Buffer.from(text), text.length, family, ...words, to.port);
}

function read(batch: ReceiveBatch, datagram: number): Received {
  const view = batch.data(datagram);
  const family = batch.family(datagram);
  const word = (index: 0 | 1 | 2 | 3): number => batch.word(datagram, family, index);
  const destination = new Uint32Array(4);
  const isTold = batch.destination(datagram, family, destination, 0);
  return {
    text: Buffer.from(view.buffer, view.byteOffset, batch.length(datagram)).toString(),
    from: `${formatIp({ family, words: [word(0), word(1), word(2), word(3)] })}:${batch.port(datagram)}`,
    to: isTold ? formatIp({ family, words: [destination[0]!, destination[1]!, destination[2]!, destination[3]!] }) : undefined,
  };
}
