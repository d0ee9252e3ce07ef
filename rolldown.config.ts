/**
 * The package's code, made of the source: a thread starts sooner when what it needs is in a few files (docs/adr/0029). What a module
 * finds beside itself (`import.meta.url`) it finds from each folder of `dist` too: they lie as deep as those of `src`.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Plugin, defineConfig } from "rolldown";

const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(import.meta.dirname, "package.json"), "utf8")) as { dependencies: object; optionalDependencies: object };
/** What runs by itself, and what others import. */
const ENTRIES = ["cli/main", "cli/sim-worker", "roles/engine/engine-worker", "roles/discovery/discovery-worker", "address/index", "itr/index", "wire/index"];

/** The directory and the name of the package that a module is of. */
const PACKAGE_OF = /^.*\/node_modules\/((?:@[^/]+\/)?[^/]+)(?=\/)/;

export default defineConfig({
  cwd: import.meta.dirname,
  input: Object.fromEntries(ENTRIES.map((entry) => [entry, `src/${entry}.ts`])),
  platform: "node",
  // What is installed with the package stays beside it; other packages become part of it.
  external: [...Object.keys(dependencies), ...Object.keys(optionalDependencies)],
  plugins: [licences()],
  output: { dir: "dist", cleanDir: true, entryFileNames: "[name].js", chunkFileNames: "chunks/[name].js" },
});

/** Packages that become part of this one ask for their licence to be with it. */
function licences(): Plugin {
  return {
    name: "licences",
    generateBundle(_, bundle) {
      const modules = Object.values(bundle).flatMap((file) => (file.type === "chunk" ? file.moduleIds : []));
      const packages = new Map<string, string>();
      for (const [directory, name] of modules.map((id) => PACKAGE_OF.exec(id) ?? [])) if (name !== undefined) packages.set(name, directory!);
      for (const [name, directory] of packages) {
        this.emitFile({ type: "asset", fileName: `LICENSE.${name.replace("/", "-")}`, source: readFileSync(join(directory, "LICENSE"), "utf8") });
      }
    },
  };
}
