import { z } from "zod";
import { printable } from "../address/printable.ts";
import { didYouMean } from "./nearest.ts";

/** Of the file's own text in a fault. */
const MOST_CHARACTERS = 40;
/** The key whose value is in no message. */
const SECRET = "secret";

export type Path = readonly PropertyKey[];

/** One thing wrong with a configuration: where, and what to do. */
export interface Fault {
  readonly path: Path;
  readonly text: string;
}

/** What a kind of file must look like. */
export interface FileForm<T> {
  readonly schema: z.ZodType<T>;
  /** The schema that this value is held to, for hints; undefined where that cannot be told. */
  readonly partFor: (value: unknown) => z.ZodType | undefined;
  /** Said of a file that has no such shape at all. */
  readonly shapeFault: Fault;
}

type Issue = z.core.$ZodIssue;
type Form = Pick<FileForm<unknown>, "partFor" | "shapeFault">;

interface JsonSchema {
  readonly type?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
}

/** What an issue of the schema means to who wrote the file. */
export function faultsOf(issue: Issue, config: unknown, form: Form): Fault[] {
  const { path } = issue;
  if (issue.code === "unrecognized_keys") {
    const known = Object.keys(schemaAt(config, path, form)?.properties ?? {});
    // "secret:x" without a blank is a key.
    if (known.includes(SECRET)) return [{ path, text: `"${path.join(".")}" has an unknown key: its keys are ${known.join(", ")}, each with a blank after its colon` }];
    return issue.keys.map((key) => ({ path: [...path, key], text: `unknown key "${[...path, printable(key, MOST_CHARACTERS)].join(".")}"${didYouMean(key, known)}` }));
  }
  if (issue.code === "invalid_union" || path.length === 0) return [form.shapeFault];
  return [{ path, text: `"${path.join(".")}" ${problem(issue, config, form)}` }];
}

function problem(issue: Issue, config: unknown, form: Form): string {
  const value = valueAt(config, issue.path);
  const wanted = whatToWrite(schemaAt(config, issue.path, form));
  if (issue.code === "custom") return `is wrong: ${issue.message}`;
  if (value === undefined) return `is missing: ${wanted}`;
  if (value === null) return `has no value: ${wanted}, or leave the key out`;
  if (issue.path.at(-1) === SECRET) return `is wrong: ${wanted}`;
  return `is wrong (${shown(value)}): ${wanted}${isSeconds(issue.path) && hasUnit(value) ? ", without a unit: the key's name has it" : ""}`;
}

function whatToWrite(schema: JsonSchema = {}): string {
  const { type, minimum, maximum, minItems = 1, maxItems, items } = schema;
  if (schema.enum !== undefined) return `write one of ${schema.enum.join(", ")}`;
  switch (type) {
    case "number":
      return `write a number from ${minimum} to ${maximum}`;
    case "integer":
      return `write a whole number from ${minimum} to ${maximum}`;
    case "boolean":
      return "write true or false";
    case "array":
      return `write a list of ${minItems}${maxItems === undefined ? " or more" : ` to ${maxItems}`} ${items?.type === "object" ? "items with keys of their own" : "items"}, as "[a, b]" or with "- " before each`;
    case "object":
      return "write its keys below it, indented";
    default:
      return 'write a text, in "quotes" where it could be taken for a number';
  }
}

function shown(value: unknown): string {
  return printable(JSON.stringify(value), MOST_CHARACTERS);
}

function isSeconds(path: Path): boolean {
  return String(path.at(-1)).endsWith("Seconds");
}

/** `30s`, `5 min`: a number that people add a unit to. */
function hasUnit(value: unknown): boolean {
  return typeof value === "string" && /^\d+(\.\d+)?\s*[a-zA-Z]+$/.test(value);
}

/** What the schema has at a path. */
function schemaAt(config: unknown, path: Path, { partFor }: Form): JsonSchema | undefined {
  const schema = partFor(config);
  if (schema === undefined) return undefined;
  let at = z.toJSONSchema(schema, { io: "input" }) as JsonSchema | undefined;
  for (const step of path) at = typeof step === "number" ? at?.items : at?.properties?.[String(step)];
  return at;
}

function valueAt(config: unknown, path: Path): unknown {
  return path.reduce((inner: unknown, step) => (inner as Record<PropertyKey, unknown> | null | undefined)?.[step], config);
}
