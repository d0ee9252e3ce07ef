import { type Prefix, comparePrefixes, formatPrefix } from "../../address/index.ts";
import type { CatalogueContent } from "../../core/mabs/catalogue-content.ts";
import { covers } from "./covers.ts";
import type { Problem, RegistryOptions, RegistryState, ServiceState, SetState } from "./types.ts";

interface Mab {
  readonly prefix: Prefix;
  readonly services: Set<string>;
  readonly sets: Set<string>;
}

/** The names of all services that some set names. */
export function serviceNames(registries: readonly RegistryState[]): string[] {
  const names = registries.flatMap(({ sets }) => [...sets.values()].flatMap(({ services }) => services));
  return [...new Set(names)].toSorted();
}

/**
 * Joins what the registries list with what the DSOCs publish. A prefix outside the space of its registry is refused; one
 * that is in two sets has the services of both.
 */
export function buildContent(
  registries: readonly { readonly options: RegistryOptions; readonly state: RegistryState }[],
  services: readonly ServiceState[],
): { content: CatalogueContent; problems: Problem[] } {
  const problems: Problem[] = [];
  const mabs = new Map<string, Mab>();
  for (const { options, state } of registries) {
    for (const set of state.sets.values()) addSet(mabs, set, options, problems);
  }
  const names = services.map(({ name }) => name).toSorted();
  const indexOf = new Map(names.map((name, index) => [name, index]));
  const byName = new Map(services.map((service) => [service.name, service]));
  const content: CatalogueContent = {
    mabs: [...mabs.values()]
      .toSorted((a, b) => comparePrefixes(a.prefix, b.prefix))
      .map((mab) => ({
        prefix: mab.prefix,
        services: [...mab.services].map((name) => indexOf.get(name)!).toSorted((a, b) => a - b),
        set: [...mab.sets].toSorted().join("+"),
      })),
    services: names.map((name) => ({ name, servers: byName.get(name)!.servers.toSorted((a, b) => (a.name < b.name ? -1 : 1)) })),
  };
  return { content, problems };
}

function addSet(mabs: Map<string, Mab>, set: SetState, { apex, space }: RegistryOptions, problems: Problem[]): void {
  let outside: Prefix | undefined;
  let refused = 0;
  for (const { prefixes } of set.buckets.values()) {
    for (const prefix of prefixes) {
      if (space.some((allowed) => covers(allowed, prefix))) {
        addMab(mabs, prefix, set);
      } else {
        outside ??= prefix;
        refused++;
      }
    }
  }
  if (outside !== undefined) {
    const others = refused === 1 ? "" : ` and ${refused - 1} more`;
    problems.push({ name: `set ${set.id} of ${apex}`, problem: `${formatPrefix(outside)}${others} left out: not in the space this registry may speak for` });
  }
}

function addMab(mabs: Map<string, Mab>, prefix: Prefix, set: SetState): void {
  const key = formatPrefix(prefix);
  const mab = mabs.get(key) ?? { prefix, services: new Set<string>(), sets: new Set<string>() };
  for (const service of set.services) mab.services.add(service);
  mab.sets.add(set.id);
  mabs.set(key, mab);
}
