import { X509Certificate, createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import { ExchangeError } from "./dns-exchange.ts";
import { nodeTls } from "./late-modules.ts";

/** How the TLS certificate of a primary is known to be the right one (RFC 8310). */
export interface TlsTrust {
  /** The name that it must be for; also told to the server (SNI). */
  readonly name?: string | undefined;
  /** Certificates of CAs as PEM text, in place of those that the system trusts. */
  readonly ca?: string;
  /** Base64 of the SHA-256 of its public key (SPKI, RFC 7858 section 4.2): any one of these is enough, and nothing else then counts. */
  readonly pins?: readonly string[] | undefined;
}

/** A file that is to say whom to trust, and does not. The message names it, and what to do. */
export class TlsTrustError extends Error {
  override readonly name = "TlsTrustError";
  readonly code = "DRTM_TLS_TRUST";
}

/** RFC 7468 section 5. */
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** RFC 9103 section 7.1. */
const ALPN = "dot";
const CERTIFICATE_PROBLEM = /CERT|SELF_SIGNED|ALTNAME/;

/** CA certificates from a file of PEM text, for `TlsTrust.ca`. Throws TlsTrustError. */
export function readCaFile(file: string): string {
  const text = textOf(file);
  const certificates = text.match(CERTIFICATE) ?? [];
  if (certificates.length === 0) throw new TlsTrustError(`${file} has no certificate (-----BEGIN CERTIFICATE-----): name a PEM file with those of the CA`);
  for (const [index, certificate] of certificates.entries()) {
    try {
      void new X509Certificate(certificate);
    } catch (cause) {
      throw new TlsTrustError(`${file}: certificate ${index + 1} of ${certificates.length} cannot be read: copy it again from its CA`, { cause });
    }
  }
  return text;
}

export function tlsOptions({ name, ca, pins }: TlsTrust): ConnectionOptions {
  return {
    ALPNProtocols: [ALPN],
    // RFC 9103 section 7.2: nothing older.
    minVersion: "TLSv1.3",
    rejectUnauthorized: pins === undefined,
    ...(name !== undefined && isIP(name) === 0 ? { servername: name } : {}),
    ...(name === undefined ? {} : { checkServerIdentity: (_host, certificate) => nodeTls().checkServerIdentity(name, certificate) }),
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
  if (error.code === "CERT_HAS_EXPIRED") return "its TLS certificate has expired: its operator must renew it; if it has not, set the clock of this machine (NTP)";
  if (error.code === "CERT_NOT_YET_VALID") return "its TLS certificate is not valid yet: set the clock of this machine (NTP), or ask its operator";
  if (CERTIFICATE_PROBLEM.test(error.code ?? "")) return `its TLS certificate is not trusted (${error.message.split(";")[0]!}): configure its name, its CA, or the pin of its public key`;
  if (error.code?.startsWith("ERR_SSL_") === true) return `the TLS handshake fails (${error.reason ?? error.code}): check that this port is for DNS over TLS, and that it has TLS 1.3`;
  return error.message;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new TlsTrustError(`${file} cannot be read (${(cause as Error).message}): correct its name, or its owner and mode`, { cause });
  }
}

function pinOf(socket: TLSSocket): string {
  const key = socket.getPeerX509Certificate()?.publicKey.export({ type: "spki", format: "der" });
  return key === undefined ? "" : createHash("sha256").update(key).digest("base64");
}
