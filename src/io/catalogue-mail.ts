import { Catalogue, type CatalogueColumns, EMPTY_CATALOGUE, type MabGroup } from "../core/mabs/catalogue.ts";
import type { ServerEntry, ServiceEntry } from "../core/mabs/catalogue-content.ts";

/**
 * A catalogue on its way to another thread, or to disk: columns, whose memory threads share, and of the services what differs from the
 * catalogue that was sent before.
 */
export interface CatalogueMail {
  readonly columns: Omit<CatalogueColumns, "services" | "groups">;
  /** Undefined: as in the catalogue before. */
  readonly groups: readonly MabGroup[] | undefined;
  /**
   * As lines of JSON, by place: the service's name, and on the next line its servers; or its place in the catalogue before. Undefined: all
   * as in that. Who passes them on need not read them.
   */
  readonly services: Uint8Array | undefined;
}

/** `before`: the catalogue that the other thread has. Null stands for no catalogue. */
export function mailOf(catalogue: Catalogue, before: Catalogue | undefined): CatalogueMail | null {
  if (catalogue === EMPTY_CATALOGUE) return null;
  const { services, groups, changed: _, ...columns } = catalogue.columns;
  const changed = before === undefined ? undefined : catalogue.changedSince(before);
  const isNext = changed !== undefined;
  return {
    columns: { ...columns, changed },
    groups: isNext && groups === before?.groups ? undefined : groups,
    services: isNext && services === before?.services ? undefined : Buffer.from(referring(services, before?.services ?? [])),
  };
}

/** The catalogue as the other thread has it; `before` as for `mailOf`. */
export function openMail(mail: CatalogueMail | null, before: Catalogue): Catalogue {
  return opened(mail, before, (name, servers) => ({ name, servers: JSON.parse(servers()) as ServerEntry[] }));
}

/** The same, for one who looks at each service once and not at all of them at one time: servers are read whenever they are asked for. */
export function openMailUnread(mail: CatalogueMail | null, before: Catalogue): Catalogue {
  return opened(mail, before, (name, servers) => new UnreadService(name, servers));
}

class UnreadService implements ServiceEntry {
  readonly name: string;
  readonly #servers: () => string;

  constructor(name: string, servers: () => string) {
    this.name = name;
    this.#servers = servers;
  }

  get servers(): readonly ServerEntry[] {
    return JSON.parse(this.#servers()) as ServerEntry[];
  }
}

function opened(mail: CatalogueMail | null, before: Catalogue, read: (name: string, servers: () => string) => ServiceEntry): Catalogue {
  if (mail === null) return EMPTY_CATALOGUE;
  return new Catalogue({ ...mail.columns, groups: mail.groups ?? before.groups, services: mail.services === undefined ? before.services : referred(mail.services, before.services, read) });
}

const NEWLINE = 0x0a;

function referred({ buffer, byteOffset, byteLength }: Uint8Array, known: readonly ServiceEntry[], read: (name: string, servers: () => string) => ServiceEntry): ServiceEntry[] {
  const octets = Buffer.from(buffer, byteOffset, byteLength);
  const services: ServiceEntry[] = [];
  let from = 0;
  const takeLine = (): (() => string) => {
    const [start, end] = [from, octets.indexOf(NEWLINE, from)];
    from = end + 1;
    return () => octets.toString("utf8", start, end);
  };
  while (from < octets.length) {
    const service = JSON.parse(takeLine()()) as string | number;
    services.push(typeof service === "number" ? known[service]! : read(service, takeLine()));
  }
  return services;
}

function referring(services: readonly ServiceEntry[], known: readonly ServiceEntry[]): string {
  const places = new Map(known.map(({ name }, place) => [name, place]));
  return services.map((service) => {
    const place = places.get(service.name);
    return `${place !== undefined && isSameService(service, known[place]!) ? place : linesOf(service)}\n`;
  }).join("");
}

function linesOf({ name, servers }: ServiceEntry): string {
  return `${JSON.stringify(name)}\n${JSON.stringify(servers)}`;
}

/** One that says the same may have been read anew, with nothing to go on from. */
function isSameService(a: ServiceEntry, b: ServiceEntry): boolean {
  return a === b || linesOf(a) === linesOf(b);
}
