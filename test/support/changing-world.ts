import { type Prefix, comparePrefixes, formatPrefix, parseIp, parsePrefix } from "../../src/address/index.ts";
import { Catalogue } from "../../src/core/mabs/catalogue.ts";
import type { ResourceRecord, ServiceBinding, Soa } from "../../src/dns/records/index.ts";
import { dsocRecords, registryRecords, setId } from "../../src/dns/zone-model/index.ts";
import { sha256hex } from "../../src/io/hash.ts";
import { Random } from "../../zones/generator/random.ts";

const TTL_SECONDS = 60;
const SERVICES = 5;
const SETS = 7;
const FIRST_MABS = 5_000;

interface ChangingSet {
  services: string[];
  readonly mabs: Map<string, Prefix>;
}

/**
 * A registry and a DSOC that change at random, the same from the same seed: their zones as the zone builder makes them, and,
 * by plain means, the catalogue that a reader of these zones must have.
 */
export class ChangingWorld {
  readonly #registry: string;
  readonly #dsoc: string;
  readonly #random: Random;
  readonly #services = new Map<string, ServiceBinding[]>();
  readonly #sets: ChangingSet[] = [];
  #serial = 1;
  /** How many changes of each kind there were. */
  readonly changes = { added: 0, removed: 0, moved: 0, doubled: 0, served: 0, qsas: 0 };

  /** `registry`, `dsoc`: the apexes. */
  constructor(seed: number, registry: string, dsoc: string) {
    this.#registry = registry;
    this.#dsoc = dsoc;
    this.#random = new Random(seed);
    for (let number = 1; number <= SERVICES; number++) this.#services.set(`s${number}.${dsoc}`, [this.#qsa(), this.#qsa()]);
    const names = [...this.#services.keys()];
    for (let number = 0; number < SETS; number++) this.#sets.push({ services: [names[number % SERVICES]!, ...(number < SERVICES ? [] : [names[number - SERVICES + 1]!])], mabs: new Map() });
    for (let count = 0; count < FIRST_MABS; count++) this.#add();
    this.changes.added = 0;
  }

  /** Makes so many changes, and raises the serial of both zones by one. */
  change(count: number): void {
    for (let done = 0; done < count; done++) this.#changeOne();
    this.#serial++;
  }

  get registryZone(): ResourceRecord[] {
    const sets = this.#sets.map(({ services, mabs }) => ({ services, prefixes: [...mabs.values()].toSorted(comparePrefixes) }));
    return registryRecords({ ...this.#head(this.#registry), sets }, sha256hex);
  }

  get dsocZone(): ResourceRecord[] {
    const services = [...this.#services].map(([name, servers]) => ({ name, servers }));
    return dsocRecords({ ...this.#head(this.#dsoc), services, sites: [] });
  }

  /** By plain means, from what the zones say. */
  get catalogue(): Catalogue {
    const used = new Set(this.#sets.filter(({ mabs }) => mabs.size > 0).flatMap(({ services }) => services));
    const names = [...used].toSorted();
    const mabs = new Map<string, { prefix: Prefix; sets: ChangingSet[] }>();
    for (const set of this.#sets) {
      for (const [text, prefix] of set.mabs) mabs.set(text, { prefix, sets: [...(mabs.get(text)?.sets ?? []), set] });
    }
    const listed = [...mabs.values()].toSorted((a, b) => comparePrefixes(a.prefix, b.prefix));
    return Catalogue.of({
      mabs: listed.map(({ prefix, sets }) => ({
        prefix,
        set: sets.map(({ services }) => setId(services, sha256hex)).toSorted().join(" + "),
        services: names.flatMap((name, index) => (sets.some(({ services }) => services.includes(name)) ? [index] : [])),
      })),
      services: names.map((name) => ({ name, servers: this.#services.get(name)!.map(serverOf).toSorted((a, b) => (a.name < b.name ? -1 : 1)) })),
    });
  }

  #head(apex: string): { apex: string; ttl: number; soa: Soa; nameServers: { name: string; addresses: ReturnType<typeof parseIp>[] }[] } {
    const ns = `ns.${apex}`;
    const soa = { mname: ns, rname: `hostmaster.${apex}`, serial: this.#serial, refresh: 300, retry: 60, expire: 604_800, minimum: 1 };
    return { apex, ttl: TTL_SECONDS, soa, nameServers: [{ name: ns, addresses: [parseIp("127.0.0.1")] }] };
  }

  #changeOne(): void {
    const dice = this.#random.below(100);
    if (dice < 35) this.#add();
    else if (dice < 60) this.#remove();
    else if (dice < 80) this.#move();
    else if (dice < 85) this.#double();
    else if (dice < 87) this.#serveOtherwise();
    else this.#changeQsas();
  }

  #add(): void {
    const prefix = this.#freePrefix();
    this.#anySet().mabs.set(formatPrefix(prefix), prefix);
    this.changes.added++;
  }

  #remove(): void {
    const set = this.#fullSet();
    set.mabs.delete(this.#random.pick([...set.mabs.keys()]));
    this.changes.removed++;
  }

  #move(): void {
    const [from, to] = [this.#fullSet(), this.#anySet()];
    const [text, prefix] = this.#random.pick([...from.mabs]);
    from.mabs.delete(text);
    to.mabs.set(text, prefix);
    this.changes.moved++;
  }

  /** A MAB that changes DSOCs is in both sets for a while. */
  #double(): void {
    const [text, prefix] = this.#random.pick([...this.#fullSet().mabs]);
    this.#anySet().mabs.set(text, prefix);
    this.changes.doubled++;
  }

  /** A set gets or loses a service: it is another set then, and all its buckets move. */
  #serveOtherwise(): void {
    const set = this.#anySet();
    const name = this.#random.pick([...this.#services.keys()]);
    const services = set.services.includes(name) ? set.services.filter((one) => one !== name) : [...set.services, name];
    const isTaken = this.#sets.some((other) => setId(other.services, sha256hex) === setId(services, sha256hex));
    if (services.length === 0 || isTaken) return this.#serveOtherwise();
    set.services = services;
    this.changes.served++;
  }

  #changeQsas(): void {
    const servers = this.#services.get(this.#random.pick([...this.#services.keys()]))!;
    if (servers.length > 4) servers.splice(this.#random.below(servers.length), 1);
    else if (this.#random.chance(50)) servers.push(this.#qsa());
    else servers[this.#random.below(servers.length)] = this.#qsa();
    this.changes.qsas++;
  }

  #qsa(): ServiceBinding {
    const number = this.#random.uint32();
    const address = parseIp(`198.51.${(number >>> 8) & 255}.${1 + (number & 127)}`);
    return { target: `q${number}.${this.#dsoc}`, priority: this.#random.pick([10, 20]), alpn: ["drtm1"], port: 4_344 + this.#random.below(100), ipv4hint: [address], region: "eu-fra", weight: this.#random.below(200) };
  }

  /** Nine of ten are IPv4; some lie in others. */
  #freePrefix(): Prefix {
    const octet = (): number => this.#random.below(256);
    const length = this.#random.pick([16, 20, 22, 24, 24, 24]);
    const base = ((20 + this.#random.below(40)) * 2 ** 24 + octet() * 2 ** 16 + octet() * 2 ** 8) & -(2 ** (32 - length));
    const dotted = [24, 16, 8, 0].map((shift) => (base >>> shift) & 255).join(".");
    const prefix = parsePrefix(this.#random.chance(90) ? `${dotted}/${length}` : `2001:${(0x100 + octet()).toString(16)}:${octet().toString(16)}::/48`);
    const isTaken = this.#sets.some(({ mabs }) => mabs.has(formatPrefix(prefix)));
    return isTaken ? this.#freePrefix() : prefix;
  }

  #anySet(): ChangingSet {
    return this.#random.pick(this.#sets);
  }

  #fullSet(): ChangingSet {
    return this.#random.pick(this.#sets.filter(({ mabs }) => mabs.size > 0));
  }
}

function serverOf({ target, ipv4hint, port, priority, region, weight }: ServiceBinding) {
  return { name: target, address: ipv4hint![0]!, port: port!, tier: priority, region: region!, weight: weight! };
}
