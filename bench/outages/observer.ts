/** Milliseconds of this process's clock. */
export type Time = number;

export interface Judgement {
  /** The longest time at one go for which another ETR than the present one was shown, while its process ran; ms. */
  readonly wrong: number;
  /** How long no ETR was shown, in all; ms. */
  readonly unanswered: number;
  /** When it came to show the right one for good; Infinity when it does not at the end. */
  readonly rightSince: Time;
}

interface Change {
  readonly at: Time;
  readonly etr: string | null;
}

/** The ETR that is right, and when it came to be. */
export class Truth {
  readonly changes: Change[] = [];

  set(at: Time, etr: string): void {
    this.changes.push({ at, etr });
  }

  get present(): string | null {
    return this.changes.at(-1)?.etr ?? null;
  }
}

/** What one ITR shows over time: the lines of `drtm itr --json`. While its process is dead or stopped it sends no packet anywhere. */
export class Observer {
  readonly name: string;
  readonly #shown: Change[] = [];
  readonly #runs: { at: Time; isRunning: boolean }[] = [];

  constructor(name: string) {
    this.name = name;
  }

  takeLine(at: Time, line: string): void {
    const { etr } = JSON.parse(line) as { etr: string | null };
    this.#shown.push({ at, etr });
  }

  /** Its process runs, or does not. One that starts afresh shows nothing yet. */
  setRunning(at: Time, isRunning: boolean, isFresh: boolean): void {
    this.#runs.push({ at, isRunning });
    if (isFresh) this.#shown.push({ at, etr: null });
  }

  get present(): string | null {
    return this.#shown.at(-1)?.etr ?? null;
  }

  /** Compares what was shown from one time to another with the truth. */
  judge(truth: Truth, from: Time, to: Time): Judgement {
    let wrong = 0;
    let unanswered = 0;
    let rightSince = Infinity;
    let run = 0;
    for (const [start, end] of this.#pieces(truth, from, to)) {
      const state = this.#stateAt(truth, start);
      run = state === "wrong" ? run + end - start : 0;
      wrong = Math.max(wrong, run);
      if (state === "unanswered") unanswered += end - start;
      if (state !== "right") rightSince = Infinity;
      else if (rightSince === Infinity) rightSince = start;
    }
    return { wrong, unanswered, rightSince };
  }

  /** Stretches of time in which nothing changes. */
  #pieces(truth: Truth, from: Time, to: Time): [start: Time, end: Time][] {
    const inside = [...truth.changes, ...this.#shown, ...this.#runs].map(({ at }) => at).filter((at) => at > from && at < to);
    const borders = [from, ...inside.toSorted((a, b) => a - b), to];
    return borders.slice(1).map((end, index) => [borders[index]!, end]);
  }

  #stateAt(truth: Truth, time: Time): "right" | "wrong" | "unanswered" | "off" {
    if (this.#runs.findLast(({ at }) => at <= time)?.isRunning !== true) return "off";
    const shown = this.#shown.findLast(({ at }) => at <= time)?.etr ?? null;
    if (shown === null) return "unanswered";
    return shown === truth.changes.findLast(({ at }) => at <= time)?.etr ? "right" : "wrong";
  }
}
