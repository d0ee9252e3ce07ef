import { type Answer as PacketAnswer, type DecodedPacket, type RecordType as PacketType, RECURSION_DESIRED, decode, encode } from "dns-packet";
import { type ResourceRecord, RecordType, concatBytes, encodeAddress, encodeHostName, encodeSoa, encodeTxtOctets, normaliseName } from "../dns/records/index.ts";
import { parseIp } from "../address/index.ts";

/** One question on its way: what a reply must repeat to be one (RFC 5452). */
export interface Question {
  readonly id: number;
  /** In mixed case chosen at random (0x20): 1 bit a letter that a forger must guess. */
  readonly name: string;
  readonly type: number;
  readonly bytes: Uint8Array;
}

/** A reply that belongs to its question. */
export interface Reply {
  readonly rcode: string;
  readonly truncated: boolean;
  /** Some record in it cannot be read; then it has no records here. */
  readonly malformed: boolean;
  /** The server says that it has validated the answer (RFC 4035 section 3.2.3). */
  readonly authenticated: boolean;
  readonly records: readonly ResourceRecord[];
}

export const UDP_PAYLOAD = 1232;
const MOST_ALIASES = 8;

/** Encodes a question with a random id and letter case; `name` is absolute and lower-case. */
export function makeQuestion(name: string, type: number, nextU32: () => number): Question {
  const id = nextU32() & 0xffff;
  const cased = mixCase(name.replace(/\.$/, ""), nextU32);
  const bytes = encode({
    type: "query",
    id,
    flags: RECURSION_DESIRED,
    questions: [{ name: cased, type: packetType(type), class: "IN" }],
    additionals: [{ type: "OPT", name: ".", udpPayloadSize: UDP_PAYLOAD, extendedRcode: 0, ednsVersion: 0, flags: 0, flag_do: false, options: [] }],
  });
  return { id, name: cased, type, bytes };
}

/** The reply in these octets; undefined when they are none to this question, or broken. */
export function readReply(bytes: Buffer, question: Question): Reply | undefined {
  let packet: DecodedPacket;
  try {
    packet = decode(bytes);
  } catch {
    return undefined;
  }
  const [asked] = packet.questions ?? [];
  const belongs =
    packet.type === "response" &&
    packet.id === question.id &&
    packet.questions?.length === 1 &&
    asked?.name === question.name &&
    asked.type === packetType(question.type) &&
    asked.class === "IN";
  return belongs ? toReply(packet, question) : undefined;
}

function toReply(packet: DecodedPacket, question: Question): Reply {
  const { rcode } = packet as unknown as { rcode: string };
  const head = { rcode, truncated: packet.flag_tc, authenticated: packet.flag_ad };
  try {
    const all = (packet.answers ?? []).flatMap(toRecord);
    return { ...head, malformed: false, records: follow(all, normaliseName(`${question.name}.`), question.type) };
  } catch {
    return { ...head, malformed: true, records: [] };
  }
}

/** The records of the asked type at the asked name, or where aliases in the same answer lead. */
function follow(all: readonly ResourceRecord[], asked: string, type: number): ResourceRecord[] {
  let name = asked;
  for (let alias = 0; alias <= MOST_ALIASES; alias++) {
    const records = all.filter((record) => record.name === name && record.type === type);
    if (records.length > 0) return records;
    const cname = all.find((record) => record.name === name && record.type === RecordType.CNAME);
    if (cname === undefined) return [];
    name = aliasTarget(cname);
  }
  return [];
}

function aliasTarget({ data }: ResourceRecord): string {
  let name = "";
  for (let at = 0; data[at] !== 0 && at < data.length; at += 1 + data[at]!) {
    name += `${Buffer.from(data.subarray(at + 1, at + 1 + data[at]!)).toString("latin1")}.`;
  }
  return name;
}

function packetType(type: number): PacketType {
  // By its mnemonic dns-packet would send type 0 for those it does not know, SVCB among them.
  const known = Object.entries(PACKET_TYPES).find(([, number]) => number === type)?.[0];
  return (known ?? `UNKNOWN_${type}`) as PacketType;
}

const PACKET_TYPES = { A: 1, NS: 2, CNAME: 5, SOA: 6, PTR: 12, TXT: 16, AAAA: 28, APL: 42 } as const;

/** dns-packet reads some types into objects; here every record carries its wire data. */
function toRecord(answer: PacketAnswer): ResourceRecord[] {
  if (answer.type === "OPT" || (answer as { class?: string }).class !== "IN") return [];
  const record = answer as unknown as { name: string; type: string; ttl: number; data: unknown };
  const type = typeNumber(record.type);
  if (type === undefined) return [];
  return [{ name: normaliseName(`${record.name}.`.replace(/^\.\.?$/, ".")), type, ttl: record.ttl, data: wireData(type, record.data) }];
}

function typeNumber(name: string): number | undefined {
  if (name in PACKET_TYPES) return PACKET_TYPES[name as keyof typeof PACKET_TYPES];
  const digits = /^UNKNOWN_(\d+)$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function wireData(type: number, data: unknown): Uint8Array {
  switch (type) {
    case RecordType.A:
    case RecordType.AAAA:
      return encodeAddress(parseIp(data as string));
    case RecordType.NS:
    case RecordType.CNAME:
    case RecordType.PTR:
      return encodeHostName(`${data as string}.`);
    case RecordType.TXT:
      return encodeTxtOctets([data].flat() as Buffer[]);
    case RecordType.SOA: {
      const soa = data as { mname: string; rname: string; serial: number; refresh: number; retry: number; expire: number; minimum: number };
      return encodeSoa({ ...soa, mname: `${soa.mname}.`, rname: `${soa.rname}.` });
    }
    default:
      return concatBytes([data as Uint8Array]);
  }
}

function mixCase(name: string, nextU32: () => number): string {
  let bits = 0;
  let left = 0;
  return Array.from(name, (letter) => {
    if (!/[a-z]/.test(letter)) return letter;
    if (left === 0) {
      bits = nextU32();
      left = 32;
    }
    left--;
    bits >>>= 1;
    return (bits & 1) === 1 ? letter.toUpperCase() : letter;
  }).join("");
}
