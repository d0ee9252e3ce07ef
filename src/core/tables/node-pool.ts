import { type TableMemory, plainMemory } from "./table-memory.ts";

/** Nodes of the first chunk; each further chunk has twice as many. */
const FIRST_CHUNK_BITS = 2;

/**
 * Rows of 32-bit words that are handed out and taken back, as many as are wanted, without ever being moved: chunks of memory, each
 * twice the one before. A row is named by a number from 4 on, which says where it is.
 */
export class NodePool {
  readonly #width: number;
  readonly #memory: TableMemory;
  readonly #chunks: Uint32Array[] = [];
  readonly #returned: number[] = [];
  #next = 1 << FIRST_CHUNK_BITS;

  /** `width`: words of a row. */
  constructor(width: number, memory = plainMemory) {
    this.#memory = memory;
    this.#width = width | 0;
  }

  /** A free row; what is in it is what it had when it was given back. */
  take(): number {
    const returned = this.#returned.pop();
    if (returned !== undefined) return returned;
    const node = this.#next++;
    const chunk = chunkOf(node);
    if (chunk === this.#chunks.length) this.#chunks.push(this.#memory.rows((1 << (chunk + FIRST_CHUNK_BITS)) * this.#width));
    return node;
  }

  get taken(): number {
    return this.#next - (1 << FIRST_CHUNK_BITS) - this.#returned.length;
  }

  give(node: number): void {
    this.#returned.push(node);
  }

  /** The words among which a row is, */
  words(node: number): Uint32Array {
    return this.#chunks[chunkOf(node)]!;
  }

  /** and where it begins there. */
  at(node: number): number {
    return Math.imul(node & (0x7fff_ffff >>> Math.clz32(node | 0)), this.#width | 0);
  }
}

function chunkOf(node: number): number {
  return 31 - FIRST_CHUNK_BITS - Math.clz32(node | 0);
}
