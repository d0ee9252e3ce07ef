import type { Rrset } from "../records/index.ts";
import { Block, type Entry, lastAtMost } from "./block.ts";

/**
 * RRsets in a block: with many a change is dear, for the whole block is encoded again; with few the digest is, for each block is
 * handed over by itself. From 32 to 256 there is no difference to be seen: docs/adr/0013.
 */
const BLOCK_RRSETS = 64;
/** A block that has become smaller is joined to the next. */
const LEAST_BLOCK_RRSETS = 16;

/** An RRset that takes the place of the one at its key; undefined removes it. */
export interface Replacement {
  readonly key: string;
  readonly rrset: Rrset | undefined;
}

/** All RRsets of a zone in canonical order, in blocks. Never changed. */
export class BlockList {
  readonly blocks: readonly Block[];

  private constructor(blocks: readonly Block[]) {
    this.blocks = blocks;
  }

  /** `entries`: in order of their keys. */
  static of(entries: readonly Entry[]): BlockList {
    const blocks: Block[] = [];
    const rest = cutIntoBlocks(entries, blocks);
    if (rest.length > 0) blocks.push(new Block(rest));
    return new BlockList(blocks);
  }

  find(key: string): Rrset | undefined {
    return this.blocks[lastAtMost(this.blocks.length, key, (index) => this.blocks[index]!.firstKey)]?.find(key);
  }

  /** The list with these replacements, their keys ascending; blocks that none falls into are shared. */
  replace(replacements: readonly Replacement[]): BlockList {
    const blocks: Block[] = [];
    let next = 0;
    let kept: readonly Entry[] = [];
    for (const [index, block] of this.blocks.entries()) {
      const from = next;
      next = endOfKeysBelow(this.blocks[index + 1]?.firstKey, replacements, from);
      if (next === from && kept.length === 0) {
        blocks.push(block);
      } else {
        kept = cutIntoBlocks([...kept, ...merge(block.entries, replacements.slice(from, next))], blocks, block);
      }
    }
    kept = cutIntoBlocks([...kept, ...merge([], replacements.slice(next))], blocks);
    if (kept.length > 0) blocks.push(new Block(kept));
    return new BlockList(blocks);
  }
}

/** Index of the first replacement, from this one on, whose key is not below `key`. */
function endOfKeysBelow(key: string | undefined, replacements: readonly Replacement[], from: number): number {
  if (key === undefined) return replacements.length;
  let end = from;
  while (end < replacements.length && replacements[end]!.key < key) end++;
  return end;
}

function merge(entries: readonly Entry[], replacements: readonly Replacement[]): Entry[] {
  const merged: Entry[] = [];
  let at = 0;
  for (const { key, rrset } of replacements) {
    while (at < entries.length && entries[at]!.key < key) merged.push(entries[at++]!);
    if (entries[at]?.key === key) at++;
    if (rrset !== undefined) merged.push({ key, rrset });
  }
  return [...merged, ...entries.slice(at)];
}

/** Adds blocks of about equal size, unless the entries are too few for one: then gives them back. `before`: the block that most of them were in. */
function cutIntoBlocks(entries: readonly Entry[], blocks: Block[], before?: Block): readonly Entry[] {
  if (entries.length < LEAST_BLOCK_RRSETS) return entries;
  const count = entries.length <= 2 * BLOCK_RRSETS ? 1 : Math.ceil(entries.length / BLOCK_RRSETS);
  const size = Math.ceil(entries.length / count);
  for (let from = 0; from < entries.length; from += size) blocks.push(new Block(entries.slice(from, from + size), before));
  return [];
}
