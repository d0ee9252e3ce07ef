import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { requireProgram } from "../program.ts";
import { KEY, KEYED_ZONE, OPEN_ZONE, type Place, type PrimaryKind, ZONES, zoneFile } from "./kind.ts";

const PACKAGES = "pdns-server pdns-backend-sqlite3";
const SCHEMA = "/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql";

export const POWERDNS: PrimaryKind = {
  name: "PowerDNS",
  program: "pdns_server",
  from: PACKAGES,
  hasIncrements: false,
  hasTls: false,
  explainsTsig: false,
  configure: (place) => {
    const { directory, port, notifyPort } = place;
    const database = join(directory, "pdns.sqlite");
    const schema = new DatabaseSync(database);
    schema.exec(readFileSync(SCHEMA, "utf8"));
    schema.close();
    writeFileSync(
      join(directory, "pdns.conf"),
      `launch=gsqlite3
gsqlite3-database=${database}
local-address=127.0.0.1
local-port=${port}
primary=yes
allow-axfr-ips=
only-notify=
also-notify=127.0.0.1:${notifyPort}
socket-dir=${directory}
disable-syslog=yes
daemon=no
guardian=no
cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
zone-cache-refresh-interval=0
`,
    );
    for (const zone of ZONES) load(place, zone);
    pdnsutil(place, "set-meta", OPEN_ZONE, "ALLOW-AXFR-FROM", "127.0.0.1");
    pdnsutil(place, "import-tsig-key", KEY.name, "hmac-sha256", KEY.secret);
    pdnsutil(place, "activate-tsig-key", KEYED_ZONE, KEY.name, "primary");
    return [`--config-dir=${directory}`];
  },
  reload: (place, _child, zone) => {
    load(place, zone);
    execFileSync(requireProgram("pdns_control", PACKAGES), [`--config-dir=${place.directory}`, "notify", zone], { stdio: "pipe" });
  },
};

function load(place: Place, zone: (typeof ZONES)[number]): void {
  pdnsutil(place, "load-zone", zone, zoneFile(place, zone));
  pdnsutil(place, "set-kind", zone, "primary");
}

function pdnsutil({ directory }: Place, ...args: string[]): void {
  execFileSync(requireProgram("pdnsutil", PACKAGES), [`--config-dir=${directory}`, ...args], { stdio: "pipe" });
}
