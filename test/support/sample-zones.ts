import { cpSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ZONES = fileURLToPath(new URL("../../zones", import.meta.url));

/** Copies the sample world to a new directory, its QSAs on another port, so that a `drtm up` elsewhere does not matter. */
export function copySampleZones(directory: string, qsaPort: number): void {
  cpSync(join(ZONES, "mapping"), join(directory, "mapping"), { recursive: true });
  for (const file of readdirSync(ZONES).filter((name) => name.endsWith(".zone"))) {
    writeFileSync(join(directory, file), readFileSync(join(ZONES, file), "utf8").replaceAll("port=4344", `port=${qsaPort}`));
  }
}
