import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { requireProgram } from "../program.ts";
import { KEY, KEYED_ZONE, OPEN_ZONE, type PrimaryKind } from "./kind.ts";

export const KNOT: PrimaryKind = {
  name: "Knot",
  program: "knotd",
  from: "knot",
  hasIncrements: true,
  hasTls: false,
  explainsTsig: true,
  configure: ({ directory, port, notifyPort }) => {
    const file = join(directory, "knot.conf");
    writeFileSync(
      file,
      `server:
  rundir: ${directory}
  listen: 127.0.0.1@${port}
database:
  storage: ${directory}
key:
  - id: ${KEY.name}
    algorithm: hmac-sha256
    secret: ${KEY.secret}
remote:
  - id: us
    address: 127.0.0.1@${notifyPort}
  - id: us-keyed
    address: 127.0.0.1@${notifyPort}
    key: ${KEY.name}
acl:
  - id: open
    address: 127.0.0.1
    action: transfer
  - id: keyed
    key: ${KEY.name}
    action: transfer
template:
  - id: default
    storage: ${directory}
    file: "%s.zone"
    zonefile-sync: -1
    zonefile-load: difference
    journal-content: changes
zone:
  - domain: ${OPEN_ZONE}
    notify: us
    acl: open
  - domain: ${KEYED_ZONE}
    notify: us-keyed
    acl: keyed
`,
    );
    return ["-c", file];
  },
  reload: ({ directory }, _child, zone) => {
    execFileSync(requireProgram("knotc", "knot"), ["-c", join(directory, "knot.conf"), "-b", "zone-reload", zone], { stdio: "pipe" });
  },
};
