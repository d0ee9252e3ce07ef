import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { KEY, KEYED_ZONE, OPEN_ZONE, type PrimaryKind, type ZoneName } from "./kind.ts";

export const BIND: PrimaryKind = {
  name: "BIND",
  program: "named",
  from: "bind9",
  hasIncrements: true,
  hasTls: true,
  explainsTsig: true,
  configure: ({ directory, port, tlsPort, notifyPort }) => {
    const zone = (name: ZoneName, allowed: string, sign: string): string => `
zone "${name}" {
  type primary;
  file "${name}.zone";
  ixfr-from-differences yes;
  allow-transfer { ${allowed}; };
  also-notify { 127.0.0.1 port ${notifyPort}${sign}; };
};
`;
    const file = join(directory, "named.conf");
    writeFileSync(
      file,
      `key "${KEY.name}" { algorithm hmac-sha256; secret "${KEY.secret}"; };
tls ours { key-file "${directory}/key.pem"; cert-file "${directory}/certificate.pem"; };
controls { };
options {
  directory "${directory}";
  pid-file "${directory}/named.pid";
  session-keyfile "${directory}/session.key";
  listen-on port ${port} { 127.0.0.1; };
  listen-on port ${tlsPort} tls ours { 127.0.0.1; };
  listen-on-v6 { none; };
  recursion no;
  dnssec-validation no;
  notify explicit;
  notify-delay 0;
};
${zone(OPEN_ZONE, "127.0.0.1", "")}${zone(KEYED_ZONE, `key "${KEY.name}"`, ` key "${KEY.name}"`)}`,
    );
    return ["-g", "-n", "1", "-c", file];
  },
  reload: (_place, child) => void child.kill("SIGHUP"),
};
