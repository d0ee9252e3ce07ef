/** Gives memory for a column of so many octets: at least as many, with anything in it. */
export type ColumnMemory = (octets: number) => SharedArrayBuffer;

export const freshMemory: ColumnMemory = (octets) => new SharedArrayBuffer(octets);
