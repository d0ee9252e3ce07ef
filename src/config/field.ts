import { type Fault, type Path, wrongMeaning, wrongValue } from "./faults.ts";

/** In place of what a value would be taken as. */
export const WRONG = Symbol("wrong");
export type Taken<T> = T | typeof WRONG;

/** Says what is wrong with a value that has the right form; `path`: from that value on. */
export type Refuse = (path: Path, message: string) => void;
export type Check<T> = (value: T, refuse: Refuse) => void;

/** What a field's value is, once it has been taken. */
export type Output<F> = F extends Field<infer T> ? T : never;

/** What may be written at one place of a file. It is parsed once, and all that is wrong with it told. */
export abstract class Field<T> {
  /** What to write there. */
  abstract readonly wanted: string;
  /** Whether it has keys of its own. */
  readonly hasKeys: boolean = false;

  /** Adds to `faults` what is wrong. */
  abstract take(value: unknown, path: Path, faults: Fault[]): Taken<T>;

  /** The key may be left out. */
  optional(): Field<T | undefined> {
    return new Absent<T | undefined>(this, () => undefined);
  }

  /** Taken as this where the key is left out. */
  default(value: T): Field<T> {
    return new Absent(this, () => value);
  }

  /** The same, with the value as it would be written. */
  prefault(written: unknown): Field<T> {
    return new Absent(this, (path, faults) => this.take(written, path, faults));
  }

  /** What its form cannot say. */
  check(...checks: readonly Check<T>[]): Field<T> {
    return new Checked(this, checks);
  }

  /** For values that this software writes itself. Throws Error. */
  parse(value: unknown): T {
    const faults: Fault[] = [];
    const taken = this.take(value, [], faults);
    if (taken === WRONG || faults.length > 0) throw new Error(faults.map(({ text }) => text).join("\n"));
    return taken;
  }
}

class Absent<T> extends Field<T> {
  readonly wanted: string;
  override readonly hasKeys: boolean;
  readonly #field: Field<T>;
  readonly #otherwise: (path: Path, faults: Fault[]) => Taken<T>;

  constructor(field: Field<T>, otherwise: (path: Path, faults: Fault[]) => Taken<T>) {
    super();
    this.#field = field;
    this.#otherwise = otherwise;
    this.wanted = field.wanted;
    this.hasKeys = field.hasKeys;
  }

  take(value: unknown, path: Path, faults: Fault[]): Taken<T> {
    return value === undefined ? this.#otherwise(path, faults) : this.#field.take(value, path, faults);
  }
}

class Checked<T> extends Field<T> {
  readonly wanted: string;
  override readonly hasKeys: boolean;
  readonly #field: Field<T>;
  readonly #checks: readonly Check<T>[];

  constructor(field: Field<T>, checks: readonly Check<T>[]) {
    super();
    this.#field = field;
    this.#checks = checks;
    this.wanted = field.wanted;
    this.hasKeys = field.hasKeys;
  }

  take(value: unknown, path: Path, faults: Fault[]): Taken<T> {
    const taken = this.#field.take(value, path, faults);
    if (taken === WRONG) return WRONG;
    const before = faults.length;
    for (const check of this.#checks) check(taken, (inner, message) => faults.push(wrongMeaning([...path, ...inner], message)));
    return faults.length > before ? WRONG : taken;
  }
}

/** A value that is right or wrong as a whole; `read` gives WRONG for one of another form, and throws for one that is wrong otherwise. */
export class Scalar<T> extends Field<T> {
  readonly wanted: string;
  readonly #read: (value: unknown) => Taken<T>;

  constructor(wanted: string, read: (value: unknown) => Taken<T>) {
    super();
    this.wanted = wanted;
    this.#read = read;
  }

  take(value: unknown, path: Path, faults: Fault[]): Taken<T> {
    try {
      const taken = this.#read(value);
      if (taken === WRONG) faults.push(wrongValue(path, value, this.wanted));
      return taken;
    } catch (error) {
      faults.push(wrongMeaning(path, (error as Error).message));
      return WRONG;
    }
  }
}
