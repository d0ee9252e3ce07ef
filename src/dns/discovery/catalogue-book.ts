import { formatPrefix } from "../../address/index.ts";
import { PackedPrefixes } from "../../address/packed-prefixes.ts";
import { type Catalogue, EMPTY_CATALOGUE } from "../../core/mabs/catalogue.ts";
import { CatalogueEditor, type ColumnMemory } from "../../core/mabs/catalogue-editor.ts";
import type { ServiceEntry } from "../../core/mabs/catalogue-content.ts";
import type { BucketState, Problem, RegistryOptions, RegistryState, ServiceState, SetState } from "./types.ts";


/** A bucket's MABs, by whether its registry may speak for them. */
interface Sifted {
  readonly inside: PackedPrefixes;
  readonly outside: PackedPrefixes;
}

/**
 * Joins what the registries list with what the DSOCs publish, each time from the catalogue before and what has changed since.
 * A MAB outside the space of its registry is left out, and reported; one that is in several sets has the services of all.
 */
export class CatalogueBook {
  readonly #registries: readonly RegistryOptions[];
  readonly #memory: ColumnMemory | undefined;
  readonly #states = new Map<string, RegistryState>();
  /** Of buckets of which something is outside. */
  readonly #sifted = new WeakMap<BucketState, Sifted>();
  /** What of a set is outside its registry's space. */
  readonly #outside = new WeakMap<SetState, PackedPrefixes>();
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
    const mabsOf = (set: SetState | undefined, bucket: string): PackedPrefixes => {
      const state = set?.buckets.get(bucket);
      return state === undefined ? PackedPrefixes.none : this.#sift(options, state).inside;
    };
    for (const bucket of before?.buckets.keys() ?? []) {
      const gone = differing(mabsOf(before, bucket), mabsOf(now, bucket));
      editor.remove(name, gone);
      for (let row = 0; row < gone.size; row++) goes.add(gone.hi(row));
    }
    for (const bucket of now?.buckets.keys() ?? []) {
      const mabs = mabsOf(now, bucket);
      editor.add(name, differing(mabs, mabsOf(before, bucket)));
      if (goes.size > 0) editor.add(name, mabs.filter((row) => goes.has(mabs.hi(row))));
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
    const { prefixes } = bucket;
    // Nearly always: to look again costs less than to keep that for thousands of buckets.
    if (space.some((allowed) => prefixes.areIn(allowed))) return { inside: prefixes, outside: PackedPrefixes.none };
    const isInside = (row: number): boolean => space.some((allowed) => prefixes.isIn(row, allowed));
    const sifted = { inside: prefixes.filter(isInside), outside: prefixes.filter((row) => !isInside(row)) };
    this.#sifted.set(bucket, sifted);
    return sifted;
  }

  #problemsOf(options: RegistryOptions): Problem[] {
    const problems: Problem[] = [];
    for (const set of this.#states.get(options.apex)?.sets.values() ?? []) {
      const outside = this.#outsideOf(options, set);
      if (outside.size === 0) continue;
      const others = outside.size === 1 ? "" : ` and ${outside.size - 1} more`;
      problems.push({ name: `set ${set.id} of ${options.apex}`, problem: `${formatPrefix(outside.at(0))}${others} left out: not in the space this registry may speak for` });
    }
    return problems;
  }

  #outsideOf(options: RegistryOptions, set: SetState): PackedPrefixes {
    const known = this.#outside.get(set);
    if (known !== undefined) return known;
    const outside = PackedPrefixes.joined(Array.from(set.buckets.values(), (bucket) => this.#sift(options, bucket).outside));
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
function differing(list: PackedPrefixes, other: PackedPrefixes): PackedPrefixes {
  if (list === other) return PackedPrefixes.none;
  if (other.size === 0) return list;
  const shorter = Math.min(list.size, other.size);
  let first = 0;
  while (first < shorter && list.compare(first, other, first) === 0) first++;
  let after = 0;
  while (after < shorter - first && list.compare(list.size - 1 - after, other, other.size - 1 - after) === 0) after++;
  return list.rows(first, list.size - after);
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
