import { expect, test } from "vitest";
import { NO_PEER, type PeerTable } from "../../src/core/link/peer-table.ts";
import { World } from "../support/world.ts";
import { type Datagram, seeded } from "../support/virtual-network.ts";

const ADDRESSES = ["192.0.2.7", "192.0.2.150", "192.0.2.230", "2001:db8::1", "198.51.100.1"];
const QUERIER = "10.0.0.9:5000";
const HOUR = 3_600_000_000;

/** How many peers could be pushed out by new ones: all that nobody holds. */
function evictable(peers: PeerTable): number {
  let count = 0;
  for (;;) {
    const peer = peers.intern(3, 4, 0xdead0000 + count, 0, 0, 0, 7);
    if (peer === NO_PEER) return count;
    peers.hold(peer);
    count++;
  }
}

function mutate(bytes: Uint8Array, random: () => number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  for (let change = random() % 4; change > 0; change--) copy[random() % copy.length] = random() & 255;
  const cut = random() % 8 === 0 ? random() % copy.length : copy.length;
  return copy.slice(0, cut);
}

/**
 * Valid traffic of a small world, with every datagram sent again now and then: as it was, mutated, cut, late, from its own
 * source or from another, while sites die, restart and change their mapping.
 */
test.each([1, 2, 3, 4, 5, 6])("nothing sent to the engines breaks them, or stays with them (seed %i)", (seed) => {
  const random = seeded(seed);
  const world = new World([5, 20, 60]);
  const { network, querier, sites, qsr } = world;
  let isHostile = true;
  const replay = (datagram: Datagram): void => {
    const from = random() % 3 === 0 ? `10.9.9.${random() % 250}:${1 + (random() % 60_000)}` : datagram.from;
    network.at(network.now + (random() % 2_000_000), () => {
      if (isHostile) network.send({ ...datagram, from, bytes: mutate(datagram.bytes, random) });
    });
  };
  network.loses = (datagram) => {
    if (!isHostile) return false;
    // The querier is the test's own, and takes only what is valid.
    if (datagram.to !== QUERIER && random() % 2 === 0) replay(datagram);
    return random() % 20 === 0;
  };
  querier.acknowledgesUpdates = seed % 2 === 0;
  for (let round = 0; round < 400; round++) {
    querier.ask(ADDRESSES[random() % ADDRESSES.length]!);
    if (random() % 10 === 0) world.change(`192.0.2.${random() % 100}`, `203.0.113.${random() % 250}`);
    if (random() % 40 === 0) world.restart(sites[random() % sites.length]!);
    network.run(random() % 500_000);
  }
  isHostile = false;
  network.run(2 * HOUR);

  expect(world.qsr.querier.fetcher.inFlight).toBe(0);
  for (const engine of [qsr, ...sites.map(({ qsa }) => qsa)]) {
    expect([engine.server.cache.cache.size, engine.server.promises.ledger.size, engine.server.promises.sender.outstanding]).toEqual([0, 0, 0]);
  }
  expect(evictable(sites[0]!.qsa.peers)).toBe(sites[0]!.qsa.peers.capacity);
  expect(evictable(qsr.peers)).toBe(qsr.peers.capacity - sites.length);
});

test("after all that, the world still answers", () => {
  const random = seeded(99);
  const world = new World([5, 20]);
  for (let round = 0; round < 3000; round++) {
    const bytes = Uint8Array.from({ length: random() % 300 }, () => random() & 255);
    if (bytes.length > 1 && round % 2 === 0) bytes.set([0xd1, 1 + (random() % 6)]);
    const to = ["10.0.0.1:4344", "10.0.0.1:40000", "127.0.1.1:4344"][random() % 3]!;
    world.network.send({ from: `127.0.1.${random() % 4}:4344`, to, bytes });
  }
  world.network.run(60_000_000);
  expect(world.querier.answer("192.0.2.7").reply.result).toBe(0);
});
