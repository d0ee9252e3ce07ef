import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rolldown } from "rolldown";
import config from "../rolldown.config.ts";

const ROOT = join(import.meta.dirname, "..");
let launcher: Promise<string> | undefined;

/** The launcher of the package as it is installed, made of the source that is here; until this process ends. */
export function installedLauncher(): Promise<string> {
  launcher ??= install();
  return launcher;
}

async function install(): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "drtm-installed-"));
  process.once("exit", () => { rmSync(directory, { recursive: true, force: true }); });
  const build = await rolldown(config);
  await build.write({ ...config.output, dir: join(directory, "dist") });
  await build.close();
  for (const entry of ["bin", "package.json"]) cpSync(join(ROOT, entry), join(directory, entry), { recursive: true });
  // Not as one link: what a program that runs keeps in there is its own.
  mkdirSync(join(directory, "node_modules"));
  for (const name of readdirSync(join(ROOT, "node_modules"))) if (!name.startsWith(".")) symlinkSync(join(ROOT, "node_modules", name), join(directory, "node_modules", name));
  return join(directory, "bin", "drtm.js");
}
