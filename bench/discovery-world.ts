import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { tmpdir } from "node:os";
import { parsePrefix, prefixContains } from "../src/address/index.ts";
import { PackedPrefixes } from "../src/address/packed-prefixes.ts";
import { queryOf } from "../src/dns/discovery/image-query.ts";
import { walkRegistry } from "../src/dns/discovery/registry-walk.ts";
import type { RegistryState } from "../src/dns/discovery/types.ts";
import { type ResourceRecord, RecordType, encodeSoa } from "../src/dns/records/index.ts";
import { formatZoneFile, parseZoneFile } from "../src/dns/zone-file/index.ts";
import { ZoneImage } from "../src/dns/zone-image/index.ts";
import { registryContents } from "../src/dns/zone-model/index.ts";
import { sha256hex } from "../src/io/hash.ts";
import { DAY, type SigningKey, dsText, makeKey, nsecChain, signZone } from "../test/support/zone-signer.ts";
import { planZones } from "../src/zone-tools/build/plan.ts";
import { loadDescription } from "../src/zone-tools/description/load.ts";
import { readAllNetworks } from "../zones/generator/address-plan.ts";
import { makeFullWorld } from "../zones/generator/full-world.ts";
import { signedStep } from "./signed-step.ts";

export const APEX = "drtm.example.";
/** The prefix that comes and goes; in no MAB of the world (RFC 5737). */
const NEW_MAB = parsePrefix("203.0.113.0/24");
/** From the set of one change to that of the next: they are met in no order. */
const SET_STEP = 37;

/** The world of `npm run world:full` as zone files in a directory, its registry signed; a MAB more or less at a time. */
export class SignedWorld {
  readonly directory: string;
  /** Zone names, the registry's first, without their last dots. */
  readonly zones: readonly string[];
  readonly mabs: number;
  readonly trustAnchor: string;
  readonly #keys: readonly SigningKey[];
  readonly #times: { readonly inception: number; readonly expiration: number };
  readonly #state: RegistryState;
  #image: ZoneImage;
  #changes = 0;

  static async make(progress: (text: string) => void): Promise<SignedWorld> {
    const directory = mkdtempSync(join(tmpdir(), "drtm-world-"));
    progress("making the full-size world");
    const { mabs, files } = makeFullWorld(readAllNetworks(() => undefined));
    for (const [name, text] of files) write(join(directory, name), text);
    const plans = planZones(loadDescription(join(directory, "world.yaml")), () => undefined, 0);
    for (const { apex, text } of plans) write(zoneFile(directory, apex), text);
    progress("signing the registry");
    const { records } = parseZoneFile(plans[0]!.text, { origin: APEX, file: "registry" });
    const state = await walkRegistry({ apex: APEX, space: [] }, undefined, { query: queryOf(ZoneImage.of(APEX, records)), sha256hex });
    return new SignedWorld(directory, plans.map(({ apex }) => apex.slice(0, -1)), mabs, records, state);
  }

  private constructor(directory: string, zones: readonly string[], mabs: number, records: readonly ResourceRecord[], state: RegistryState) {
    const now = Math.floor(Date.now() / 1000);
    this.directory = directory;
    this.zones = zones;
    this.mabs = mabs;
    this.#keys = [makeKey(APEX), makeKey(APEX, undefined, 256)];
    this.#times = { inception: now - DAY, expiration: now + 14 * DAY };
    this.trustAnchor = dsText(this.#keys[0]!);
    this.#state = state;
    this.#image = ZoneImage.of(APEX, signZone(APEX, [...records, ...nsecChain(APEX, [...records, this.#keys[0]!.record])], this.#keys, this.#times));
    this.#writeRegistry();
  }

  get serial(): number {
    return this.#image.soa.serial;
  }

  get recordCount(): number {
    return Array.from(this.#image.records()).length;
  }

  /** One MAB comes to a set, another one each time, or goes again; gives how many MABs there are now. What does not change keeps its signatures, as with any signer. */
  change(): number {
    const isNew = this.#changes % 2 === 0;
    const changed = (Math.floor(this.#changes++ / 2) * SET_STEP) % this.#state.sets.size;
    const sets = Array.from(this.#state.sets.values(), ({ services, buckets }, place) => {
      const prefixes = [...PackedPrefixes.joined(Array.from(buckets.values(), (bucket) => bucket.prefixes))];
      return { services, prefixes: isNew && place === changed ? [...prefixes, NEW_MAB] : prefixes };
    });
    const soa = { ...this.#image.soa, serial: this.serial + 1 };
    const ttl = this.#image.rrset(APEX, RecordType.SOA)!.records[0]!.ttl;
    const records = [{ name: APEX, type: RecordType.SOA, ttl, data: encodeSoa(soa) }, ...registryContents({ apex: APEX, ttl, sets }, sha256hex)];
    this.#image = this.#image.change([signedStep(this.#image, ZoneImage.of(APEX, records), this.#keys, this.#times)]).image;
    this.#writeRegistry();
    return this.mabs + (isNew ? 1 : 0);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** An address of one family in no MAB, now and after the change. */
  get addressInNoMab(): string {
    const [hi, lo] = [0xc612_0001, 0];
    for (const { buckets } of this.#state.sets.values()) {
      for (const { prefixes } of buckets.values()) {
        for (const prefix of prefixes) if (prefixContains(prefix, 4, hi, lo)) throw new Error("198.18.0.1 is in a MAB of the full-size world: take another address");
      }
    }
    return "198.18.0.1";
  }

  #writeRegistry(): void {
    writeFileSync(zoneFile(this.directory, APEX), formatZoneFile([...this.#image.records()], { apex: APEX }));
  }
}

function zoneFile(directory: string, apex: string): string {
  return join(directory, `${apex}zone`);
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
