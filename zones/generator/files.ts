import { type Prefix, comparePrefixes, formatPrefix, prefixContains } from "../../src/address/index.ts";
import { formatMappingFile } from "../../src/core/mapping/mapping-file.ts";
import type { MabMapping } from "../../src/core/mapping/mapping-store.ts";
import type { Mab } from "./mabs.ts";
import { SETS } from "./world.ts";

const GENERATED = ["Made by `npm run zones` (zones/generate.ts): change the script, not this file.", ""];
const PREFIX_WIDTH = 20;

/** The MABs of one service set, as zones/world.yaml reads them. */
export function mabFile(mabs: readonly Mab[], set: number): string {
  const lines = mabs.filter((mab) => mab.set === set).map(({ prefix, label }) => `${formatPrefix(prefix).padEnd(PREFIX_WIDTH)} # ${label.split(":")[0]}`);
  return [`# MABs of ${SETS[set]!.services.join(" and ")}`, ...GENERATED.map((line) => `# ${line}`.trimEnd()), ...lines, ""].join("\n");
}

/** The mapping of the DSOC with this apex, read by all its QSAs. */
export function mappingFile(apex: string, mabs: readonly Mab[], mappings: readonly MabMapping[]): string {
  const isOwn = mabs.map(({ set }) => SETS[set]!.services.some((service) => service.endsWith(`.${apex}`)));
  const own = mappings.filter((_, index) => isOwn[index]);
  const others = mabs.filter((_, index) => !isOwn[index]).map(({ prefix }) => prefix);
  const elsewhere = others.filter((prefix) => own.some((mab) => isInside(prefix, mab.prefix))).toSorted(comparePrefixes);
  const heading = [`Mapping of ${apex}, read by all its QSAs. Format: docs/zones.md.`, ...GENERATED];
  const labels = new Map(mabs.map(({ prefix, label }) => [formatPrefix(prefix), label]));
  return formatMappingFile({ mabs: own, elsewhere }, { heading, mabs: labels });
}

function isInside(inner: Prefix, outer: Prefix): boolean {
  return inner.length > outer.length && prefixContains(outer, inner.family, inner.hi, inner.lo);
}
