/** Octets that are no DNS message. The message says what is wrong, and at which octet. */
export class MessageError extends Error {
  override readonly name = "MessageError";
  readonly code = "DRTM_DNS_MESSAGE";
}
