import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { SECRET, KEY_NAME } from "../tsig-server.ts";

/** The zones that each server has: one given to addresses, one to a key only. */
export const OPEN_ZONE = "open.example";
export const KEYED_ZONE = "keyed.example";
export const ZONES = [OPEN_ZONE, KEYED_ZONE] as const;
export type ZoneName = (typeof ZONES)[number];

export const KEY = { name: KEY_NAME, secret: SECRET.toString("base64") } as const;

/** Where one server runs, and what it is to know. */
export interface Place {
  readonly directory: string;
  readonly port: number;
  readonly tlsPort: number;
  /** Where our listener is. */
  readonly notifyPort: number;
}

/** A name server that gives transfers, as Debian packages it. */
export interface PrimaryKind {
  readonly name: string;
  readonly program: string;
  /** Its Debian packages. */
  readonly from: string;
  /** Whether it answers IXFR with increments; otherwise with the whole zone. */
  readonly hasIncrements: boolean;
  readonly hasTls: boolean;
  /** Whether it says what is wrong with a signature (RFC 8945 section 5.2), and not NOTAUTH alone. */
  readonly explainsTsig: boolean;
  /** Writes the configuration; gives the arguments that run it in the foreground. The zone files are there already. */
  configure(place: Place): string[];
  /** Makes it take a zone from its changed file, and tell of it. */
  reload(place: Place, child: ChildProcess, zone: ZoneName): void;
  /** DS records of the keys that it signs a zone with; left out where it does not sign. */
  anchorsOf?(place: Place, zone: ZoneName): string[];
}

export function zoneFile({ directory }: Place, zone: ZoneName): string {
  return join(directory, `${zone}.zone`);
}
