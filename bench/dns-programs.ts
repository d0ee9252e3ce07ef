import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** What a DNS server is told. */
export interface DnsSetting {
  /** Where it keeps its files. */
  readonly directory: string;
  readonly port: number;
  /** The only zone, without a dot at the end. A name server has it in a file of that name, with ".zone" after it. */
  readonly zone: string;
  /** A resolver's: the name server of the zone, on loopback. */
  readonly authority: number;
  /** What a resolver may keep, in octets. */
  readonly cacheOctets: number;
}

export interface DnsProgram {
  readonly name: string;
  readonly program: string;
  /** Its Debian package. */
  readonly from: string;
  readonly versionOption: string;
  /** Writes the configuration; gives the arguments that run it in the foreground. */
  configure(setting: DnsSetting): string[];
}

/** Response rate limiting, where NSD was built with it, would drop most of what a resolver asks for. */
export const NSD: DnsProgram = {
  name: "NSD",
  program: "nsd",
  from: "nsd",
  versionOption: "-v",
  configure: ({ directory, port, zone }) => {
    const files = ["pidfile", "xfrdfile", "zonelistfile"].map((key) => `${key}: "${join(directory, key)}"`);
    const server = [`ip-address: 127.0.0.1@${port}`, "server-count: 1", "rrl-ratelimit: 0", 'username: ""', 'database: ""', `zonesdir: "${directory}"`, `xfrdir: "${directory}"`, ...files];
    return ["-d", "-c", written(directory, "nsd.conf", clause("server", server) + clause("remote-control", ["control-enable: no"]) + clause("zone", [`name: ${zone}`, `zonefile: ${zone}.zone`]))];
  },
};

const UNBOUND: DnsProgram = {
  name: "Unbound",
  program: "unbound",
  from: "unbound",
  versionOption: "-V",
  configure: ({ directory, port, zone, authority, cacheOctets }) => {
    const surroundings = ["do-ip6: no", "do-daemonize: no", "use-syslog: no", 'username: ""', 'chroot: ""', `directory: "${directory}"`, `pidfile: "${join(directory, "unbound.pid")}"`];
    const speed = ["num-threads: 1", "so-rcvbuf: 4m", "so-sndbuf: 4m", "outgoing-range: 4096", "num-queries-per-thread: 4096", `msg-cache-size: ${cacheOctets}`, `rrset-cache-size: ${cacheOctets}`];
    const server = ["interface: 127.0.0.1", `port: ${port}`, 'module-config: "iterator"', "do-not-query-localhost: no", ...speed, ...surroundings];
    return ["-d", "-c", written(directory, "unbound.conf", clause("server", server) + clause("remote-control", ["control-enable: no"]) + clause("stub-zone", [`name: "${zone}."`, `stub-addr: 127.0.0.1@${authority}`]))];
  },
};

const KNOT_RESOLVER: DnsProgram = {
  name: "Knot Resolver",
  program: "kresd",
  from: "knot-resolver",
  versionOption: "--version",
  configure: ({ directory, port, authority, cacheOctets }) => {
    const lines = [
      // They ask the root servers.
      ...["priming", "detect_time_skew", "ta_update", "ta_signal_query"].map((module) => `modules.unload("${module}")`),
      `net.listen("127.0.0.1", ${port}, { kind = "dns" })`,
      "net.ipv6 = false",
      'trust_anchors.remove(".")',
      `cache.open(${cacheOctets}, "lmdb://${directory}")`,
      `policy.add(policy.all(policy.FORWARD("127.0.0.1@${authority}")))`,
    ];
    return ["-n", "-c", written(directory, "kresd.conf", lines.join("\n")), directory];
  },
};

export const RESOLVERS: readonly DnsProgram[] = [UNBOUND, KNOT_RESOLVER];

function written(directory: string, file: string, text: string): string {
  const path = join(directory, file);
  writeFileSync(path, text);
  return path;
}

function clause(name: string, lines: readonly string[]): string {
  return `${name}:\n${lines.map((line) => `  ${line}\n`).join("")}`;
}
