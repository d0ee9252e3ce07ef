interface Passage<T> {
  /** What has come since the last was let through. */
  waiting: T | undefined;
  timer: NodeJS.Timeout;
}

/** Lets the first notice about a thing through at once, and of those that follow within a quiet time only the last, after it. */
export class NoticeGate<T> {
  readonly #quietMs: number;
  readonly #tell: (notice: T) => void;
  readonly #passages = new Map<string, Passage<T>>();

  constructor(quietMs: number, tell: (notice: T) => void) {
    this.#quietMs = quietMs;
    this.#tell = tell;
  }

  pass(about: string, notice: T): void {
    const passage = this.#passages.get(about);
    if (passage !== undefined) {
      passage.waiting = notice;
      return;
    }
    this.#close(about);
    this.#tell(notice);
  }

  close(): void {
    for (const { timer } of this.#passages.values()) clearTimeout(timer);
    this.#passages.clear();
  }

  #close(about: string): void {
    const timer = setTimeout(() => { this.#open(about); }, this.#quietMs);
    this.#passages.set(about, { waiting: undefined, timer });
  }

  #open(about: string): void {
    const waiting = this.#passages.get(about)?.waiting;
    this.#passages.delete(about);
    if (waiting !== undefined) this.pass(about, waiting);
  }
}
