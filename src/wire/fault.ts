/** Why a datagram was refused. Decoders return these instead of throwing; 0 is none. */
export const Fault = {
  none: 0,
  tooShort: 1,
  tooLong: 2,
  notDrtm: 3,
  unsupportedVersion: 4,
  unknownType: 5,
  wrongType: 6,
  badFamily: 7,
  badKey: 8,
  badRange: 9,
  badPrefixLength: 10,
  badEtrFamily: 11,
  badResult: 12,
  badAction: 13,
  badExtension: 14,
  unknownCriticalExtension: 15,
} as const;

export type Fault = (typeof Fault)[keyof typeof Fault];

type FaultName = keyof typeof Fault;

const NAMES = Object.keys(Fault) as FaultName[];

const EXPLANATIONS: Readonly<Record<FaultName, string>> = {
  none: "nothing is wrong with it",
  tooShort: "it ends before the fixed part of its message does; send all of it",
  tooLong: "it is longer than 1,232 octets; send less in one datagram",
  notDrtm: "its first octet does not begin with 0xD; the sender speaks another protocol",
  unsupportedVersion: "its version (low half of octet 0) is not 1; send version 1",
  unknownType: "its message type (octet 1) is not 1 to 6; send a type of version 1",
  wrongType: "its message type (octet 1) is not the one expected here",
  badFamily: "its address family is not 4 or 6, or is 0 where an address is needed",
  badKey: "its key (octet 64) has bits that its family has not; send them as zero",
  badRange: "its range (octet 88) ends before it begins, leaves its MAB, or has bits that its family has not",
  badPrefixLength: "its MAB's prefix length (octet 42) is above 32 for IPv4, 64 for IPv6, or 0 for no family",
  badEtrFamily: "its ETR's family (octet 43) is not what its result, action or ETR address needs",
  badResult: "its result (octet 40) is not defined in version 1",
  badAction: "its action (octet 40) is not 1 to 4",
  badExtension: "an extension after its fixed part overruns it or has a malformed value",
  unknownCriticalExtension: "it has a critical extension that is not defined in version 1; send it without",
};

/** The fault's name, as counters and messages show it. */
export function faultName(fault: Fault): string {
  return NAMES[fault] ?? "none";
}

/** A datagram that is no valid DRTM message, for callers that prefer an exception. */
export class WireError extends Error {
  override readonly name = "WireError";
  readonly code = "DRTM_WIRE";
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(`not a valid DRTM message (${faultName(fault)}): ${EXPLANATIONS[NAMES[fault] ?? "none"]}`);
    this.fault = fault;
  }
}
