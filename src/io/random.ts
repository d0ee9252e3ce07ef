import { randomFillSync } from "node:crypto";

const pool = new Uint32Array(1024);
let used = pool.length;

/** 32 bits nobody can predict: nonces, cookies and epochs are made of them. */
export function nextU32(): number {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const word = pool[used]!;
  pool[used++] = 0;
  return word;
}
