/**
 * Gives memory for so many words of a table, all zero. Who drives an engine may have it from where large tables are quicker to touch: the
 * tables that are large grow from their first row on.
 */
export type TableMemory = (words: number) => Uint32Array;

export const plainMemory: TableMemory = (words) => new Uint32Array(words);
