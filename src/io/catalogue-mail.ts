import { Catalogue, type CatalogueColumns, EMPTY_CATALOGUE } from "../core/mabs/catalogue.ts";
import type { ServiceEntry } from "../core/mabs/catalogue-content.ts";

/**
 * A catalogue on its way to another thread, or to disk: columns, whose memory threads share, and of the services what differs from the
 * catalogue that was sent before.
 */
export interface CatalogueMail {
  readonly columns: Omit<CatalogueColumns, "services">;
  /** As octets of JSON, by place: the service, or its place in the catalogue before; undefined: all as in that. Who passes them on need not read them. */
  readonly services: Uint8Array | undefined;
}

/** `before`: the catalogue that the other thread has. Null stands for no catalogue. */
export function mailOf(catalogue: Catalogue, before: Catalogue | undefined): CatalogueMail | null {
  if (catalogue === EMPTY_CATALOGUE) return null;
  const { services, changed: _, ...columns } = catalogue.columns;
  const changed = before === undefined ? undefined : catalogue.changedSince(before);
  const isSame = changed !== undefined && services === before?.services;
  return { columns: { ...columns, changed }, services: isSame ? undefined : Buffer.from(JSON.stringify(referring(services, before?.services ?? []))) };
}

/** The catalogue as the other thread has it; `before` as for `mailOf`. */
export function openMail(mail: CatalogueMail | null, before: Catalogue): Catalogue {
  if (mail === null) return EMPTY_CATALOGUE;
  return new Catalogue({ ...mail.columns, services: mail.services === undefined ? before.services : referred(mail.services, before.services) });
}

function referred({ buffer, byteOffset, byteLength }: Uint8Array, known: readonly ServiceEntry[]): ServiceEntry[] {
  const services = JSON.parse(Buffer.from(buffer, byteOffset, byteLength).toString()) as (ServiceEntry | number)[];
  return services.map((service) => (typeof service === "number" ? known[service]! : service));
}

function referring(services: readonly ServiceEntry[], known: readonly ServiceEntry[]): (ServiceEntry | number)[] {
  const places = new Map(known.map((service, place) => [service, place]));
  return services.map((service) => places.get(service) ?? service);
}
