import { createHash } from "node:crypto";
import { isIP } from "node:net";
import { type ConnectionOptions, type TLSSocket, checkServerIdentity } from "node:tls";
import { ExchangeError } from "./dns-exchange.ts";

/** How the TLS certificate of a primary is known to be the right one (RFC 8310). */
export interface TlsTrust {
  /** The name that it must be for; also told to the server (SNI). */
  readonly name?: string | undefined;
  /** Certificates of CAs as PEM text, in place of those that the system trusts. */
  readonly ca?: string;
  /** Base64 of the SHA-256 of its public key (SPKI, RFC 7858 section 4.2): any one of these is enough, and nothing else then counts. */
  readonly pins?: readonly string[] | undefined;
}

/** RFC 9103 section 7.1. */
const ALPN = "dot";
const CERTIFICATE_PROBLEM = /CERT|SELF_SIGNED|ALTNAME/;

export function tlsOptions({ name, ca, pins }: TlsTrust): ConnectionOptions {
  return {
    ALPNProtocols: [ALPN],
    // RFC 9103 section 7.2: nothing older.
    minVersion: "TLSv1.3",
    rejectUnauthorized: pins === undefined,
    ...(name !== undefined && isIP(name) === 0 ? { servername: name } : {}),
    ...(name === undefined ? {} : { checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate) }),
    ...(ca === undefined ? {} : { ca }),
  };
}

/** To be called when the handshake is over, before anything is sent. Throws ExchangeError. */
export function checkPeer(socket: TLSSocket, { pins }: TlsTrust): void {
  if (socket.alpnProtocol !== ALPN) throw new ExchangeError(`it does not speak DNS over TLS on this port (no ALPN "${ALPN}", RFC 9103 section 7.1): check the port`);
  if (pins === undefined) return;
  const pin = pinOf(socket);
  if (!pins.includes(pin)) throw new ExchangeError(`the public key of its certificate has the pin ${pin}, which is not configured: if that is the right server, configure it`);
}

/** What fails on a connection, in the terms of the configuration. */
export function tlsProblem(error: NodeJS.ErrnoException & { readonly reason?: string }): string {
  // Behind the semicolon Node advises on command lines.
  if (CERTIFICATE_PROBLEM.test(error.code ?? "")) return `its TLS certificate is not trusted (${error.message.split(";")[0]!}): configure its name, its CA, or the pin of its public key`;
  if (error.code?.startsWith("ERR_SSL_") === true) return `the TLS handshake fails (${error.reason ?? error.code}): check that this port is for DNS over TLS, and that it has TLS 1.3`;
  return error.message;
}

function pinOf(socket: TLSSocket): string {
  const key = socket.getPeerX509Certificate()?.publicKey.export({ type: "spki", format: "der" });
  return key === undefined ? "" : createHash("sha256").update(key).digest("base64");
}
