import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { KEY, KEYED_ZONE, OPEN_ZONE, type PrimaryKind, type ZoneName } from "./kind.ts";

export const NSD: PrimaryKind = {
  name: "NSD",
  program: "nsd",
  from: "nsd",
  hasIncrements: true,
  // NSD 4.6 serves TLS, but selects no ALPN, which RFC 9103 section 7.1 requires.
  hasTls: false,
  explainsTsig: true,
  configure: ({ directory, port, notifyPort }) => {
    const zone = (name: ZoneName, who: string): string => `
zone:
  name: ${name}
  zonefile: ${name}.zone
  store-ixfr: yes
  create-ixfr: yes
  provide-xfr: 127.0.0.1 ${who}
  notify: 127.0.0.1@${notifyPort} ${who}
`;
    const file = join(directory, "nsd.conf");
    writeFileSync(
      file,
      `server:
  ip-address: 127.0.0.1@${port}
  server-count: 1
  username: ""
  database: ""
  zonesdir: "${directory}"
  xfrdir: "${directory}"
${["pidfile", "xfrdfile", "zonelistfile"].map((key) => `  ${key}: "${join(directory, key)}"`).join("\n")}
remote-control:
  control-enable: no
key:
  name: "${KEY.name}"
  algorithm: hmac-sha256
  secret: "${KEY.secret}"
${zone(OPEN_ZONE, "NOKEY")}${zone(KEYED_ZONE, KEY.name)}`,
    );
    return ["-d", "-c", file];
  },
  reload: (_place, child) => void child.kill("SIGHUP"),
};
