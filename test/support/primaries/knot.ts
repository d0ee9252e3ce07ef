import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { requireProgram } from "../program.ts";
import { KEY, KEYED_ZONE, OPEN_ZONE, type Place, type PrimaryKind } from "./kind.ts";

const UNSIGNED = `    zonefile-load: difference
    journal-content: changes
`;

/** The serial is Knot's own, since it signs again without a new file. */
const SIGNED = `    zonefile-load: difference-no-serial
    journal-content: all
    serial-policy: increment
    dnssec-signing: on
    dnssec-policy: ours
    zonemd-generate: zonemd-sha384
`;

const POLICY = `policy:
  - id: ours
    algorithm: ecdsap256sha256
`;

export const KNOT: PrimaryKind = {
  name: "Knot",
  program: "knotd",
  from: "knot",
  hasIncrements: true,
  hasTls: false,
  explainsTsig: true,
  configure: (place) => writeConfiguration(place, "", UNSIGNED),
  reload: ({ directory }, _child, zone) => {
    execFileSync(requireProgram("knotc", "knot"), ["-c", join(directory, "knot.conf"), "-b", "zone-reload", zone], { stdio: "pipe" });
  },
};

/** Knot as the signer of its zones, with ZONEMD. */
export const SIGNING_KNOT: PrimaryKind = {
  ...KNOT,
  name: "Knot, signing",
  configure: (place) => writeConfiguration(place, POLICY, SIGNED),
  anchorsOf: ({ directory }, zone) => {
    const printed = execFileSync(requireProgram("keymgr", "knot"), ["-c", join(directory, "knot.conf"), zone, "ds"], { encoding: "utf8" });
    return printed.trim().split("\n").filter((line) => / 13 2 /.test(line));
  },
};

function writeConfiguration({ directory, port, notifyPort }: Place, policy: string, loading: string): string[] {
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
${policy}template:
  - id: default
    storage: ${directory}
    file: "%s.zone"
    zonefile-sync: -1
${loading}zone:
  - domain: ${OPEN_ZONE}
    notify: us
    acl: open
  - domain: ${KEYED_ZONE}
    notify: us-keyed
    acl: keyed
`,
  );
  return ["-c", file];
}
