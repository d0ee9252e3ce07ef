/** Each row of a table is looked at about this often; microseconds. */
const ROUND = 4_000_000;
/** More rows are not looked at in one go: should each have to be taken out, that takes some milliseconds. */
const MOST = 1024;

/** Plans walks around a table that come by every row each 4 s: all at once where they are few, otherwise some of them, and sooner. */
export class Rounds {
  /** When the next step is due; microseconds. */
  next = 0;

  /** Begins a step that is due; gives how many of so many rows are looked at in it. */
  begin(now: number, rows: number): number {
    const steps = Math.max(1, Math.ceil(rows / MOST));
    this.next = now + ROUND / steps;
    return Math.ceil(rows / steps);
  }
}
