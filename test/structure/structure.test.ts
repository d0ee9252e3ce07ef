import { readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SOURCE = join(ROOT, "src");
const MOST_LINES = 400;

/** Which folders each folder may import from, besides itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  address: [],
  wire: ["address"],
  core: ["address", "wire"],
  sim: ["address", "wire", "core"],
  dns: ["address", "core"],
  config: ["address"],
  io: ["address", "wire", "core", "dns"],
  itr: ["address", "wire", "core", "io"],
  "zone-tools": ["address", "core", "dns", "config", "io"],
  roles: ["address", "wire", "core", "sim", "dns", "config", "io"],
  cli: ["address", "wire", "sim", "config", "io", "itr", "roles", "zone-tools"],
};

/** The engines, and what they stand on, know no clock, no socket and no chance. */
const PURE = ["address", "wire", "core", "sim", "dns"];
/** Their last bits differ between builds of V8. */
const INEXACT = /\bMath\.(a?(?:sin|cos|tan)h?|atan2|exp|expm1|log|log1p|log2|log10|pow|cbrt|hypot)\b|\bDate\b/;
const IMPURE = /\b(Date\.now|performance\.now|process\.|Math\.random|setTimeout|setInterval|setImmediate)|from "node:/;

interface Import {
  readonly from: string;
  readonly to: string;
}

const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
const imports = files.flatMap(importsOf);

describe("the folders of src", () => {
  test("are those that have a rule", () => {
    const folders = new Set(files.map((file) => file.split("/")[0]!));
    expect([...folders].filter((folder) => !(folder in MAY_IMPORT))).toEqual([]);
  });

  test("import in one direction", () => {
    const wrong = imports.filter(({ from, to }) => {
      const [source, target] = [folderOf(from), folderOf(to)];
      return source !== target && !MAY_IMPORT[source]!.includes(target);
    });
    expect(wrong).toEqual([]);
  });

  test("take from core into dns only the catalogue, which discovery fills", () => {
    const crossing = imports.filter(({ from, to }) => folderOf(from) === "dns" && folderOf(to) === "core").map(({ to }) => to);
    expect(crossing.filter((to) => !to.startsWith("core/mabs/catalogue"))).toEqual([]);
  });
});

test("no import goes round in a circle", () => {
  const after = new Map(files.map((file) => [file, imports.filter(({ from }) => from === file).map(({ to }) => to)]));
  const done = new Set<string>();
  const circles: string[][] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file]);
    if (path.includes(file) || done.has(file)) return;
    for (const next of after.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  expect(circles).toEqual([]);
});

test.each(PURE)("src/%s knows no clock, socket or randomness", (folder) => {
  const impure = files.filter((file) => file.startsWith(`${folder}/`) && IMPURE.test(withoutComments(read(file))));
  expect(impure).toEqual([]);
});

test("src/sim is the same on every machine", () => {
  const inexact = files.filter((file) => file.startsWith("sim/") && INEXACT.test(withoutComments(read(file))));
  expect(inexact).toEqual([]);
});

test("no file is longer than a reader's patience", () => {
  expect(files.filter((file) => read(file).split("\n").length > MOST_LINES)).toEqual([]);
});

function importsOf(file: string): Import[] {
  const found = read(file).matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g);
  return Array.from(found, ([, target]) => ({ from: file, to: relative(SOURCE, join(SOURCE, file, "..", target!)) }));
}

function folderOf(file: string): string {
  return file.split("/")[0]!;
}

function read(file: string): string {
  return readFileSync(join(SOURCE, file), "utf8");
}

function withoutComments(source: string): string {
  return source.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
}
