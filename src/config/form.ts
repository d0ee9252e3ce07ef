import { type Fault, type Path, unknownKeys, wrongValue } from "./faults.ts";
import { Field, type Output, Scalar, type Taken, WRONG } from "./field.ts";

type Fields = Readonly<Record<string, Field<unknown>>>;
type LeftOut<F> = { [K in keyof F]: undefined extends Output<F[K]> ? K : never }[keyof F];
type Flat<T> = { [K in keyof T]: T[K] };
/** What a mapping with these keys is; one that may be left out is not there then. */
export type Values<F extends Fields> = Flat<{ [K in Exclude<keyof F, LeftOut<F>>]: Output<F[K]> } & { [K in LeftOut<F>]?: Output<F[K]> }>;

const TEXT = 'write a text, in "quotes" where it could be taken for a number';

/** A text of at least one character. */
export function text(): Field<string> {
  return new Scalar(TEXT, (value) => (typeof value === "string" && value !== "" ? value : WRONG));
}

/** A text that `parse` reads, which throws with what is wrong. */
export function parsed<T>(parse: (text: string) => T): Field<T> {
  return new Scalar<T>(TEXT, (value) => (typeof value === "string" ? parse(value) : WRONG));
}

export function oneOf<const T extends string>(...choices: readonly T[]): Field<T> {
  return new Scalar(`write one of ${choices.join(", ")}`, (value) => choices.find((choice) => choice === value) ?? WRONG);
}

export function flag(): Field<boolean> {
  return new Scalar("write true or false", (value) => (typeof value === "boolean" ? value : WRONG));
}

export function number(least: number, most: number): Field<number> {
  return new Scalar(`write a number from ${least} to ${most}`, (value) => (isWithin(value, least, most) ? value : WRONG));
}

/** A whole number. */
export function count(least: number, most: number): Field<number> {
  return new Scalar(`write a whole number from ${least} to ${most}`, (value) => (isWithin(value, least, most) && Number.isInteger(value) ? value : WRONG));
}

/** A list of so many items. */
export function list<T>(item: Field<T>, least = 0, most = Infinity): Field<T[]> {
  return new List(item, least, most);
}

/** A mapping that has these keys, and no others. */
export function mapping<const F extends Fields>(fields: F): Field<Values<F>> {
  return new Mapping(fields);
}

class List<T> extends Field<T[]> {
  readonly wanted: string;
  readonly #item: Field<T>;
  readonly #least: number;
  readonly #most: number;

  constructor(item: Field<T>, least: number, most: number) {
    super();
    this.#item = item;
    this.#least = least;
    this.#most = most;
    const items = item.hasKeys ? "items with keys of their own" : "items";
    this.wanted = `write a list of ${Math.max(1, least)}${most === Infinity ? " or more" : ` to ${most}`} ${items}, as "[a, b]" or with "- " before each`;
  }

  take(value: unknown, path: Path, faults: Fault[]): Taken<T[]> {
    if (!Array.isArray(value)) return refused(path, value, this.wanted, faults);
    const items = value.map((item: unknown, index) => this.#item.take(item, [...path, index], faults));
    if (items.length < this.#least || items.length > this.#most) return refused(path, value, this.wanted, faults);
    const right = items.filter((item): item is T => item !== WRONG);
    return right.length === items.length ? right : WRONG;
  }
}

class Mapping<const F extends Fields> extends Field<Values<F>> {
  readonly wanted = "write its keys below it, indented";
  override readonly hasKeys = true;
  readonly #fields: F;

  constructor(fields: F) {
    super();
    this.#fields = fields;
  }

  take(value: unknown, path: Path, faults: Fault[]): Taken<Values<F>> {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return refused(path, value, this.wanted, faults);
    const written = new Map(Object.entries(value));
    const known = Object.keys(this.#fields);
    faults.push(...unknownKeys(path, [...written.keys()].filter((key) => !known.includes(key)), known));
    const taken = known.map((key) => [key, this.#fields[key]!.take(written.get(key), [...path, key], faults)] as const);
    if (taken.some(([, one]) => one === WRONG)) return WRONG;
    return Object.fromEntries(taken.filter(([, one]) => one !== undefined)) as Values<F>;
  }
}

function isWithin(value: unknown, least: number, most: number): value is number {
  return typeof value === "number" && value >= least && value <= most;
}

function refused(path: Path, value: unknown, wanted: string, faults: Fault[]): typeof WRONG {
  faults.push(wrongValue(path, value, wanted));
  return WRONG;
}
