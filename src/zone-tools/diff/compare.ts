import { comparePrefixes, formatPrefix, parsePrefix } from "../../address/index.ts";
import { compareSerials } from "../../dns/records/index.ts";
import type { Qsa, Side } from "./side.ts";

export interface MabChange {
  readonly kind: "mab";
  readonly change: "added" | "removed" | "moved";
  readonly mab: string;
  /** Services before and after. */
  readonly before: readonly string[];
  readonly after: readonly string[];
}

export interface QsaChange {
  readonly kind: "qsa";
  readonly change: "added" | "removed" | "changed";
  readonly before: Qsa | undefined;
  readonly after: Qsa | undefined;
  /** What of it has changed. */
  readonly fields: readonly (typeof FIELDS)[number][];
}

/** Two servers that have different versions of a zone. */
export interface SerialChange {
  readonly kind: "serial";
  readonly change: "changed";
  readonly zone: string;
  readonly before: number;
  readonly after: number;
  /** The server whose serial is older (RFC 1982); undefined where that cannot be said. */
  readonly behind: string | undefined;
}

export interface Difference {
  readonly mabs: readonly MabChange[];
  readonly qsas: readonly QsaChange[];
  /** Between servers only: signers raise the serial of a file. */
  readonly serials: readonly SerialChange[];
  /** Services in zones that one side lacks: nothing can be said of their QSAs. */
  readonly notCompared: readonly string[];
}

const FIELDS = ["endpoints", "tier", "region", "weight"] as const;

/** What is different for those who read them. */
export function compareSides(a: Side, b: Side): Difference {
  const named = new Set([...servicesNamed(a), ...servicesNamed(b)]);
  const notCompared = [...named].filter((service) => !a.services.has(service) || !b.services.has(service)).toSorted();
  return {
    mabs: a.registries.length > 0 && b.registries.length > 0 ? mabChanges(a, b) : [],
    qsas: qsaChanges(a, b, new Set(notCompared)),
    serials: a.isServer && b.isServer ? serialChanges(a, b) : [],
    notCompared,
  };
}

function serialChanges(a: Side, b: Side): SerialChange[] {
  return [...a.serials].flatMap(([zone, before]) => {
    const after = b.serials.get(zone);
    if (after === undefined || after === before) return [];
    const order = compareSerials(before, after);
    return [{ kind: "serial", change: "changed", zone, before, after, behind: order === undefined ? undefined : (order < 0 ? a : b).source }];
  });
}

function mabChanges(a: Side, b: Side): MabChange[] {
  const all = new Set([...a.mabs.keys(), ...b.mabs.keys()]);
  const different = [...all].filter((mab) => a.mabs.get(mab)?.join() !== b.mabs.get(mab)?.join());
  return inOrder(different).map((mab) => {
    const [before, after] = [a.mabs.get(mab), b.mabs.get(mab)];
    const change = before === undefined ? "added" : after === undefined ? "removed" : "moved";
    return { kind: "mab", change, mab, before: before ?? [], after: after ?? [] };
  });
}

function inOrder(mabs: readonly string[]): string[] {
  return mabs.map(parsePrefix).toSorted(comparePrefixes).map(formatPrefix);
}

function qsaChanges(a: Side, b: Side, notCompared: ReadonlySet<string>): QsaChange[] {
  const all = new Set([...a.qsas.keys(), ...b.qsas.keys()]);
  return [...all].flatMap((key) => {
    const [before, after] = [a.qsas.get(key), b.qsas.get(key)];
    const fields = before === undefined || after === undefined ? [] : FIELDS.filter((field) => String(before[field]) !== String(after[field]));
    if (notCompared.has((before ?? after)!.service) || (before !== undefined && after !== undefined && fields.length === 0)) return [];
    const change = before === undefined ? "added" : after === undefined ? "removed" : "changed";
    return [{ kind: "qsa", change, before, after, fields }];
  });
}

function servicesNamed({ mabs, services }: Side): Set<string> {
  const names = new Set(services);
  for (const list of mabs.values()) for (const name of list) names.add(name);
  return names;
}
