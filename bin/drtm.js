#!/usr/bin/env node
// Plain JavaScript that also old Nodes can read: it finds a Node that can run the rest, and what to run.
import module, { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
// With `import` all that it offers would be loaded, and take some milliseconds before anything else is done.
const { existsSync } = require("node:fs");
const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const source = join(root, "src", "cli", "main.ts");
const built = join(root, "dist", "cli", "main.js");
/** In a clone the source counts, whatever an older build left behind; in an installed package there is only the build. */
const entry = existsSync(source) ? source : built;
const [major, minor] = process.versions.node.split(".").map(Number);
/** In a clone, the first Node that runs TypeScript as it is. */
const least = entry === source ? "24.0" : require("../package.json").engines.node.replace(">=", "");
const [leastMajor, leastMinor] = least.split(".").map(Number);
/** A terminal gives its signals to our child too. It has this long to heed its own before ours comes on top. */
const FORWARD_AFTER_MS = 100;
const isNewEnough = major > leastMajor || (major === leastMajor && minor >= leastMinor);

if (isNewEnough) {
  // Compiled code is kept for the next start, which takes half the time then: here, or where NODE_COMPILE_CACHE says. Never in a
  // directory that others may write to.
  module.enableCompileCache(process.env.NODE_COMPILE_CACHE ?? join(root, "node_modules", ".cache", "drtm"));
  const { main } = await import(entry);
  process.exitCode = await main(process.argv.slice(2));
} else {
  await runWithPackagedNode();
}

/** The development dependency "node" brings Node 24 where the machine's own is older. */
async function runWithPackagedNode() {
  const node = packagedNode();
  if (node === undefined) {
    console.error(`drtm needs Node ${least} or later, and this is ${process.version}: install a newer one (https://nodejs.org), or run "npm ci" in a clone`);
    process.exitCode = 2;
    return;
  }
  const [{ spawn }, { constants }] = await Promise.all([import("node:child_process"), import("node:os")]);
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => setTimeout(() => child.kill(signal), FORWARD_AFTER_MS));
  child.on("exit", (code, signal) => {
    process.exit(code ?? 128 + (constants.signals[signal] ?? 0));
  });
}

function packagedNode() {
  try {
    const path = join(dirname(require.resolve("node/package.json")), "bin", "node");
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}
