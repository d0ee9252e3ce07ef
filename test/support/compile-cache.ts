/** Threads that tests start share compiled code with those of all other tests: each starts in a third of the time. */
import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

enableCompileCache(fileURLToPath(new URL("../../node_modules/.cache/drtm", import.meta.url)));
