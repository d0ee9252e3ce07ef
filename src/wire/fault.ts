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

const NAMES = Object.keys(Fault);

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
    super(`not a valid DRTM message: ${faultName(fault)}`);
    this.fault = fault;
  }
}
