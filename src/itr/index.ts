/** The library for ITRs: look-ups with a cache, fail-over, and word of every change (`drtm/itr`). */
export { AddressError } from "../address/index.ts";
export * from "./itr-client.ts";
export { ItrError } from "./itr-error.ts";
