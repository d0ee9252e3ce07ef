#!/usr/bin/env node
// Plain JavaScript that also old Nodes can read: it finds a Node that can run the rest, and what to run.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const source = join(root, "src", "cli", "main.ts");
const built = join(root, "dist", "cli", "main.js");
/** In a clone the source counts, whatever an older build left behind; in an installed package there is only the build. */
const entry = existsSync(source) ? source : built;
const [major, minor] = process.versions.node.split(".").map(Number);
const isNewEnough = entry === source ? major >= 24 : major > 22 || (major === 22 && minor >= 12);

if (isNewEnough) {
  const { main } = await import(entry);
  process.exitCode = await main(process.argv.slice(2));
} else {
  runWithPackagedNode();
}

/** The development dependency "node" brings Node 24 where the machine's own is older. */
function runWithPackagedNode() {
  const node = packagedNode();
  if (node === undefined) {
    console.error(`drtm needs Node ${entry === source ? "24" : "22.12"} or later, and this is ${process.version}: install a newer one (https://nodejs.org), or run "npm ci" in a clone`);
    process.exitCode = 2;
    return;
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => {
    process.exit(code ?? 128 + (constants.signals[signal] ?? 0));
  });
}

function packagedNode() {
  try {
    const path = join(dirname(createRequire(import.meta.url).resolve("node/package.json")), "bin", "node");
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}
