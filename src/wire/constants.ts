/** Numbers of the DRTM protocol, version 1 (docs/protocol.md sections 3 and 12). Lengths are octets. */

/** First octet: magic nibble 0xD, version nibble 1. */
export const MAGIC_AND_VERSION = 0xd1;
export const MAGIC = 0xd0;

/** The part of the header that every version shares: type, flags, sequence, nonce. */
export const INVARIANT_OCTETS = 16;
export const HEADER_OCTETS = 40;
export const ACK_OCTETS = 56;
/** A Map Request is as long as a plain Map Reply, so that no forged source draws more than was paid for. */
export const MAP_REQUEST_OCTETS = 120;
export const MAP_REPLY_OCTETS = 120;
export const MAX_DATAGRAM_OCTETS = 1232;

export const MessageType = {
  mapRequest: 1,
  mapRequestAck: 2,
  mapReply: 3,
  mapReplyAck: 4,
  cacheUpdate: 5,
  cacheUpdateAck: 6,
} as const;

export type MessageType = (typeof MessageType)[keyof typeof MessageType];

export const RequestFlag = {
  /** The querier wants no Cache Updates. */
  oneShot: 0x0001,
  /** The querier wants a trace extension. */
  trace: 0x0002,
  /** The floor fields count. */
  floor: 0x0004,
} as const;

export const ReplyFlag = {
  /** The sender wants a Map Reply Ack. */
  ackWanted: 0x0001,
  /** The sender will send no Cache Updates for this answer. */
  noPromise: 0x0002,
} as const;

export const ResultCode = {
  mapping: 0,
  /** In a MAB, in no micronet: the range is the gap. */
  negative: 1,
  /** In no MAB: the range is the gap between MABs. */
  notInAnyMab: 2,
  /** The answer to a null Map Request. */
  nullReply: 3,
  notAuthoritative: 4,
  /** Authoritative, but the server's feed lags. */
  notAuthoritativeNow: 5,
  noAnswer: 6,
  noQsa: 7,
  overloaded: 8,
  refused: 9,
  malformed: 10,
  unsupportedVersion: 11,
} as const;

export type ResultCode = (typeof ResultCode)[keyof typeof ResultCode];

export const LAST_RESULT_CODE = ResultCode.unsupportedVersion;

export const UpdateAction = {
  /** The range has the mapping given now. */
  update: 1,
  flushRange: 2,
  flushMab: 3,
  /** Everything learnt from the sender. */
  flushAll: 4,
} as const;

export type UpdateAction = (typeof UpdateAction)[keyof typeof UpdateAction];

export const ExtensionType = {
  padding: 1,
  loadShift: 2,
  trace: 3,
} as const;

/** Top bit of an extension's type: who does not know it must refuse the datagram. */
export const CRITICAL_EXTENSION = 0x8000;
export const EXTENSION_HEADER_OCTETS = 4;
