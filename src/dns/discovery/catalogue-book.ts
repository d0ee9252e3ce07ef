import { type Prefix, comparePrefixes, formatPrefix } from "../../address/index.ts";
import { type Catalogue, EMPTY_CATALOGUE } from "../../core/mabs/catalogue.ts";
import { CatalogueEditor, type ColumnMemory } from "../../core/mabs/catalogue-editor.ts";
import type { ServiceEntry } from "../../core/mabs/catalogue-content.ts";
import { covers } from "./covers.ts";
import type { BucketState, Problem, RegistryOptions, RegistryState, ServiceState, SetState } from "./types.ts";

const NO_MABS: readonly Prefix[] = [];

/** A bucket's MABs, by whether its registry may speak for them. */
interface Sifted {
  readonly inside: readonly Prefix[];
  readonly outside: readonly Prefix[];
}

/**
 * Joins what the registries list with what the DSOCs publish, each time from the catalogue before and what has changed since.
 * A MAB outside the space of its registry is left out, and reported; one that is in several sets has the services of all.
 */
export class CatalogueBook {
  readonly #registries: readonly RegistryOptions[];
  readonly #memory: ColumnMemory | undefined;
  readonly #states = new Map<string, RegistryState>();
  readonly #sifted = new WeakMap<BucketState, Sifted>();
  /** What of a set is outside its registry's space. */
  readonly #outside = new WeakMap<SetState, readonly Prefix[]>();
  /** As the catalogue lists them. */
  readonly #entries = new WeakMap<ServiceState, ServiceEntry>();
  /** By set as the catalogue names it. */
  readonly #servicesOf = new Map<string, readonly string[]>();
  #services: readonly ServiceState[] = [];
  #catalogue = EMPTY_CATALOGUE;

  /** `memory`: for the columns of catalogues. */
  constructor(registries: readonly RegistryOptions[], memory?: ColumnMemory) {
    this.#registries = registries;
    this.#memory = memory;
  }

  /** The last one that was made. */
  get catalogue(): Catalogue {
    return this.#catalogue;
  }

  /** Goes on from a catalogue that was made of these states. */
  resume(catalogue: Catalogue, registries: readonly RegistryState[], services: readonly ServiceState[]): void {
    this.#catalogue = catalogue;
    this.#services = [...services];
    for (const options of this.#registries) {
      const state = registries.find(({ apex }) => apex === options.apex);
      if (state === undefined) continue;
      this.#states.set(options.apex, state);
      for (const set of state.sets.values()) this.#servicesOf.set(this.#nameOf(options, set), set.services);
    }
  }

  /** The catalogue of these states; the one before where it says the same. */
  update(registries: readonly RegistryState[], services: readonly ServiceState[]): { catalogue: Catalogue; problems: Problem[] } {
    const editor = new CatalogueEditor(this.#catalogue, this.#memory);
    for (const options of this.#registries) {
      this.#edit(editor, options, this.#states.get(options.apex), registries.find(({ apex }) => apex === options.apex));
    }
    this.#catalogue = editor.finish(this.#listServices(services), (set) => this.#servicesOf.get(set) ?? []);
    return { catalogue: this.#catalogue, problems: this.#registries.flatMap((options) => this.#problemsOf(options)) };
  }

  #edit(editor: CatalogueEditor, options: RegistryOptions, before: RegistryState | undefined, now: RegistryState | undefined): void {
    if (before === now) return;
    if (now === undefined) this.#states.delete(options.apex);
    else this.#states.set(options.apex, now);
    for (const [id, set] of before?.sets ?? []) if (now?.sets.has(id) !== true) this.#editSet(editor, options, set, undefined);
    for (const [id, set] of now?.sets ?? []) this.#editSet(editor, options, before?.sets.get(id), set);
  }

  /** First what goes, then what comes: a MAB may move from one bucket to another. */
  #editSet(editor: CatalogueEditor, options: RegistryOptions, before: SetState | undefined, now: SetState | undefined): void {
    if (before === now) return;
    const name = this.#nameOf(options, (now ?? before)!);
    // First words of what goes: a zone that lists a MAB twice may have it in a bucket that stays.
    const goes = new Set<number>();
    const mabsOf = (set: SetState | undefined, bucket: string): readonly Prefix[] => {
      const state = set?.buckets.get(bucket);
      return state === undefined ? NO_MABS : this.#sift(options, state).inside;
    };
    for (const bucket of before?.buckets.keys() ?? []) {
      for (const prefix of differing(mabsOf(before, bucket), mabsOf(now, bucket))) {
        editor.remove(name, prefix);
        goes.add(prefix.hi);
      }
    }
    for (const bucket of now?.buckets.keys() ?? []) {
      for (const prefix of differing(mabsOf(now, bucket), mabsOf(before, bucket))) editor.add(name, prefix);
      if (goes.size > 0) for (const prefix of mabsOf(now, bucket)) if (goes.has(prefix.hi)) editor.add(name, prefix);
    }
    if (now === undefined) this.#servicesOf.delete(name);
    else this.#servicesOf.set(name, now.services);
  }

  /** Sets of different registries may have the same id. */
  #nameOf({ apex }: RegistryOptions, { id }: SetState): string {
    return this.#registries.length > 1 ? `${id}@${apex}` : id;
  }

  #sift({ space }: RegistryOptions, bucket: BucketState): Sifted {
    const known = this.#sifted.get(bucket);
    if (known !== undefined) return known;
    const isInside = (prefix: Prefix): boolean => space.some((allowed) => covers(allowed, prefix));
    const outside = bucket.prefixes.filter((prefix) => !isInside(prefix));
    const sifted = { inside: outside.length === 0 ? bucket.prefixes : bucket.prefixes.filter(isInside), outside };
    this.#sifted.set(bucket, sifted);
    return sifted;
  }

  #problemsOf(options: RegistryOptions): Problem[] {
    const problems: Problem[] = [];
    for (const set of this.#states.get(options.apex)?.sets.values() ?? []) {
      const outside = this.#outsideOf(options, set);
      if (outside.length === 0) continue;
      const others = outside.length === 1 ? "" : ` and ${outside.length - 1} more`;
      problems.push({ name: `set ${set.id} of ${options.apex}`, problem: `${formatPrefix(outside[0]!)}${others} left out: not in the space this registry may speak for` });
    }
    return problems;
  }

  #outsideOf(options: RegistryOptions, set: SetState): readonly Prefix[] {
    const known = this.#outside.get(set);
    if (known !== undefined) return known;
    const outside = [...set.buckets.values()].flatMap((bucket) => this.#sift(options, bucket).outside);
    this.#outside.set(set, outside);
    return outside;
  }

  /** In order of names; the list that the catalogue has where nothing in it differs. */
  #listServices(states: readonly ServiceState[]): readonly ServiceEntry[] {
    const before = this.#catalogue.services;
    if (states.length === this.#services.length && states.every((state, index) => state === this.#services[index])) return before;
    this.#services = [...states];
    const known = new Map(before.map((entry) => [entry.name, entry]));
    const entries = states.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map((state) => this.#entryOf(state, known.get(state.name)));
    const isSame = entries.length === before.length && entries.every((entry, index) => entry === before[index]);
    return isSame ? before : entries;
  }

  /** Only of services that were read again is compared what they say. */
  #entryOf(state: ServiceState, known: ServiceEntry | undefined): ServiceEntry {
    const entry = this.#entries.get(state) ?? entryOf(state, known);
    this.#entries.set(state, entry);
    return entry;
  }
}

/** What is left of a list when what it begins and ends with in common with another one is taken away. */
function differing(list: readonly Prefix[], other: readonly Prefix[]): readonly Prefix[] {
  if (list === other) return NO_MABS;
  const shorter = Math.min(list.length, other.length);
  let first = 0;
  while (first < shorter && comparePrefixes(list[first]!, other[first]!) === 0) first++;
  let after = 0;
  while (after < shorter - first && comparePrefixes(list.at(-1 - after)!, other.at(-1 - after)!) === 0) after++;
  return list.slice(first, list.length - after);
}

/** The names of all services that some set names. */
export function serviceNames(registries: readonly RegistryState[]): string[] {
  const names = registries.flatMap(({ sets }) => [...sets.values()].flatMap(({ services }) => services));
  return [...new Set(names)].toSorted();
}

function entryOf({ name, servers }: ServiceState, known: ServiceEntry | undefined): ServiceEntry {
  const entry = { name, servers: servers.toSorted((a, b) => (a.name < b.name ? -1 : 1)) };
  return known !== undefined && JSON.stringify(known) === JSON.stringify(entry) ? known : entry;
}
