/**
 * Where tables have their memory from: so many words, all zero. Who drives an engine may have a way by which large tables are quicker to
 * touch.
 */
export interface TableMemory {
  /** For rows, which are used from the first one on. */
  rows(words: number): Uint32Array;
  /** For a hash table, which is touched here and there from the start. */
  slots(words: number): Uint32Array;
}

export const plainMemory: TableMemory = { rows: (words) => new Uint32Array(words), slots: (words) => new Uint32Array(words) };
