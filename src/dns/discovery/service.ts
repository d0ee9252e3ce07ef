import { type IpAddress, formatIp, isLoopback, parsePrefix, prefixContains } from "../../address/index.ts";
import type { ServerEntry } from "../../core/mabs/catalogue-content.ts";
import { RdataError, RecordType, type ResourceRecord, type ServiceBinding, decodeSvcb, printable, readRecord } from "../records/index.ts";
import { serviceNode } from "../zone-model/index.ts";
import type { Problem, Query, ServiceState } from "./types.ts";

/** Which addresses a QSA may have besides public ones. */
export interface AddressPolicy {
  readonly allowLoopback: boolean;
  readonly allowPrivate: boolean;
}

export const PROTOCOL = "drtm1";
export const DEFAULT_PORT = 4344;
export const DEFAULT_WEIGHT = 100;
/** A DSOC with 100 sites has 200; a QSR has room for some thousands, which no service may take from the others. */
export const MOST_SERVERS = 256;
const NEGATIVE_TTL_SECONDS = 60;
/** Kept of one service. */
const MOST_PROBLEMS = 20;

const NEVER = ["0.0.0.0/8", "224.0.0.0/3", "::/64", "ff00::/8"].map(parsePrefix);
const PRIVATE = ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10"].map(parsePrefix);

/** Reads the QSAs of a service, such as `s1.dsoc-a.example.`, from the SVCB records of its DSOC's zone. */
export async function readService(name: string, policy: AddressPolicy, query: Query): Promise<ServiceState> {
  const { records } = await query(serviceNode(name), RecordType.SVCB);
  const problems: Problem[] = [];
  const servers = firstServers(name, withoutDoubles(records.flatMap((record) => readServers(record, policy, problems))), problems);
  if (servers.length === 0 && problems.length === 0) {
    problems.push({ name: `${serviceNode(name)} SVCB`, problem: "no records: nobody answers for the MABs of this service" });
  }
  const ttl = records.length === 0 ? NEGATIVE_TTL_SECONDS : Math.min(...records.map((record) => record.ttl));
  return { name, servers, ttl, problems: firstOf(problems, name) };
}

/** A broken record is left out and reported; the others count. */
function readServers(record: ResourceRecord, policy: AddressPolicy, problems: Problem[]): ServerEntry[] {
  try {
    const binding = readRecord(record, decodeSvcb);
    return entries(record.name, binding, policy, problems);
  } catch (error) {
    if (!(error instanceof RdataError)) throw error;
    problems.push({ name: error.subject, problem: error.problem });
    return [];
  }
}

function entries(owner: string, binding: ServiceBinding, policy: AddressPolicy, problems: Problem[]): ServerEntry[] {
  const { target, priority, alpn, port = DEFAULT_PORT, region = "", weight = DEFAULT_WEIGHT } = binding;
  const refuse = (problem: string): [] => {
    problems.push({ name: `${owner} SVCB`, problem: `${printable(target)} ${problem}` });
    return [];
  };
  if (alpn === undefined) return refuse(`has no alpn: write alpn=${PROTOCOL}`);
  if (!alpn.includes(PROTOCOL)) return refuse(`speaks ${printable(alpn.join(", "))} and not ${PROTOCOL}: left out`);
  if (port === 0) return refuse("has port 0: left out");
  const addresses = [...(binding.ipv4hint ?? []), ...(binding.ipv6hint ?? [])];
  if (addresses.length === 0) return refuse("has no address: give it an ipv4hint or ipv6hint");
  return addresses.flatMap((address) => {
    const fault = addressFault(address, policy);
    return fault === undefined ? [{ name: target, address, port, tier: priority, region: printable(region), weight }] : refuse(`has the ${fault} address ${formatIp(address)}: left out`);
  });
}

/** What makes an address unfit for a QSA. */
export function addressFault(address: IpAddress, { allowLoopback, allowPrivate }: AddressPolicy): string | undefined {
  const { family, words } = address;
  const isIn = (prefixes: typeof NEVER): boolean => prefixes.some((prefix) => prefixContains(prefix, family, words[0], words[1]));
  if (isLoopback(address)) return allowLoopback ? undefined : "loopback";
  if (isIn(NEVER)) return "unusable";
  return isIn(PRIVATE) && !allowPrivate ? "private" : undefined;
}

/** The first problems, and how many more there are: an answer has room for thousands of broken records. */
function firstOf(problems: readonly Problem[], service: string): readonly Problem[] {
  if (problems.length <= MOST_PROBLEMS) return problems;
  const rest = { name: `${serviceNode(service)} SVCB`, problem: `${problems.length - MOST_PROBLEMS} more problems in its records` };
  return [...problems.slice(0, MOST_PROBLEMS), rest];
}

function firstServers(service: string, servers: readonly ServerEntry[], problems: Problem[]): readonly ServerEntry[] {
  if (servers.length <= MOST_SERVERS) return servers;
  problems.unshift({ name: `${serviceNode(service)} SVCB`, problem: `${servers.length - MOST_SERVERS} addresses left out: at most ${MOST_SERVERS} of one service are used, those of lower tiers first` });
  return servers.toSorted((a, b) => a.tier - b.tier).slice(0, MOST_SERVERS);
}

function withoutDoubles(servers: readonly ServerEntry[]): ServerEntry[] {
  const seen = new Map<string, ServerEntry>();
  for (const server of servers) {
    const endpoint = `${formatIp(server.address)} ${server.port}`;
    const before = seen.get(endpoint);
    if (before === undefined || server.tier < before.tier) seen.set(endpoint, server);
  }
  return [...seen.values()];
}
