/**
 * Versions of mappings and positions of servers: (lineage, 64-bit number), the number as two uint32. The lineage counts
 * first (docs/protocol.md section 7.6).
 */
export class Version {
  lineage = 0;
  hi = 0;
  lo = 0;

  set(lineage: number, hi: number, lo: number): this {
    this.lineage = lineage;
    this.hi = hi;
    this.lo = lo;
    return this;
  }

  /** Goes up to another version; never down. */
  raise(lineage: number, hi: number, lo: number): void {
    if (compareVersions(lineage, hi, lo, this.lineage, this.hi, this.lo) > 0) this.set(lineage, hi, lo);
  }

  get isZero(): boolean {
    return (this.lineage | this.hi | this.lo) === 0;
  }

  /** Whether a position or version lies below this one. */
  isAbove(lineage: number, hi: number, lo: number): boolean {
    return compareVersions(this.lineage, this.hi, this.lo, lineage, hi, lo) > 0;
  }
}

export function compareVersions(aLineage: number, aHi: number, aLo: number, bLineage: number, bHi: number, bLo: number): number {
  if (aLineage !== bLineage) return aLineage - bLineage;
  return aHi === bHi ? aLo - bLo : aHi - bHi;
}
