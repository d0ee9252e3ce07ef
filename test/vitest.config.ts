import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** Most tests wait for sockets and other processes, more than they compute. */
const WORKERS = availableParallelism() + 1;

export default defineConfig({
  // What is polled is often a process, which takes seconds to start on a machine that has other work.
  test: { maxWorkers: WORKERS, include: ["test/**/*.test.ts"], setupFiles: ["test/support/compile-cache.ts"], testTimeout: 30_000, hookTimeout: 60_000, expect: { poll: { timeout: 25_000 } } },
});
