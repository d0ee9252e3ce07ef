/** The test vectors as their files have them: 64-bit values in hex or decimal text, addresses as text, null for none. */
import { readFileSync } from "node:fs";
import type { Fault } from "../../src/wire/index.ts";

export interface HeaderVector {
  readonly flags: number;
  readonly sequence: number;
  readonly nonce: string;
  readonly clientCookie: string;
  readonly serverCookie: string;
}

export interface NumberVector {
  readonly lineage: number;
  readonly number: string;
}

export interface BodyVector {
  readonly first: string | null;
  readonly last: string | null;
  readonly prefixLength: number;
  readonly etr: string | null;
  readonly cachingMs: number;
  readonly epoch: string;
  readonly version: NumberVector;
  readonly position: NumberVector;
  readonly counter: number;
}

export interface LoadShiftVector {
  readonly type: "loadShift";
  readonly share: number;
  readonly holdMs: number;
  readonly alternatives: readonly string[];
}

export interface TraceVector {
  readonly type: "trace";
  readonly fromCache: boolean;
  readonly address: string | null;
  readonly port: number;
  readonly rtt: number;
}

export type ExtensionVector =
  | LoadShiftVector
  | TraceVector
  | { readonly type: "padding"; readonly octets: number }
  | { readonly type: number; readonly value: string };

export type AckName = "mapRequestAck" | "mapReplyAck" | "cacheUpdateAck";

export type MessageFields =
  | { readonly type: "mapRequest"; readonly header: HeaderVector; readonly key: string | null; readonly received: number; readonly floor: NumberVector | null }
  | { readonly type: "mapReply"; readonly header: HeaderVector; readonly result: number; readonly body: BodyVector }
  | { readonly type: "cacheUpdate"; readonly header: HeaderVector; readonly action: number; readonly body: BodyVector }
  | { readonly type: AckName; readonly header: HeaderVector; readonly result: number; readonly value: number; readonly epoch: string };

export type MessageVector = MessageFields & {
  readonly name: string;
  readonly extensions: readonly ExtensionVector[];
  /** Has reserved bits set: read like any other, but not written so. */
  readonly decodeOnly: boolean;
  readonly octets: number;
  readonly hex: string;
};

export interface RefusedVector {
  readonly name: string;
  readonly fault: Exclude<keyof typeof Fault, "none">;
  readonly hex: string;
}

export function readVectors(): { readonly messages: readonly MessageVector[]; readonly refused: readonly RefusedVector[] } {
  return {
    messages: JSON.parse(readVectorFile("messages.json")) as MessageVector[],
    refused: JSON.parse(readVectorFile("refused.json")) as RefusedVector[],
  };
}

function readVectorFile(name: string): string {
  return readFileSync(new URL(`vectors/${name}`, import.meta.url), "utf8");
}
