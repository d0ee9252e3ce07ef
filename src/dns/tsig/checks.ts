import type { TsigCrypto } from "./crypto.ts";
import { TsigError, TsigRcode } from "./error.ts";
import { ALGORITHM, MAC_OCTETS, type TsigKey } from "./key.ts";
import type { Tsig } from "./record.ts";

/** Throws TsigError where a message is signed with another key or algorithm than this. */
export function checkKey(tsig: Tsig, key: TsigKey): void {
  if (tsig.keyName === key.name && tsig.algorithm === ALGORITHM) return;
  throw new TsigError(TsigRcode.BADKEY, `it is signed with key ${tsig.keyName} (${tsig.algorithm}), expected is ${key.name} (${ALGORITHM}): configure the same at both ends`);
}

/** Throws TsigError where the MAC is not the one computed here. A shortened one is taken for none (RFC 8945 section 5.2.2.1). */
export function checkMac(tsig: Tsig, mac: Uint8Array, crypto: TsigCrypto): void {
  if (tsig.mac.length !== MAC_OCTETS) {
    throw new TsigError(TsigRcode.BADTRUNC, `its signature with key ${tsig.keyName} has ${tsig.mac.length} octets in place of ${MAC_OCTETS}: configure the server not to shorten it`);
  }
  if (!crypto.equal(tsig.mac, mac)) {
    throw new TsigError(TsigRcode.BADSIG, `its signature with key ${tsig.keyName} is wrong: it was changed on its way, or the secret is not the same at both ends`);
  }
}

/** After the MAC, since only then the time is the signer's (RFC 8945 section 5.2.3). Throws TsigError. */
export function checkTime({ timeSigned, fudge, keyName }: Tsig, now: number): void {
  const ahead = timeSigned - now;
  if (Math.abs(ahead) <= fudge) return;
  throw new TsigError(TsigRcode.BADTIME, `it was signed with key ${keyName} ${apart(ahead)}, and ${fudge} s are allowed: set the clocks of both machines (NTP); if they are right, it is a replay`);
}

/** What the other end says is wrong with our signature (RFC 8945 section 5.3.2). */
export function toldError(tsig: Tsig, key: TsigKey, now: number): TsigError | undefined {
  switch (tsig.error) {
    case 0:
      return undefined;
    case TsigRcode.BADKEY:
      return new TsigError(tsig.error, `it does not know TSIG key ${key.name} (BADKEY): configure name and algorithm (hmac-sha256) the same at both ends`);
    case TsigRcode.BADSIG:
      return new TsigError(tsig.error, `it finds our signature with key ${key.name} wrong (BADSIG): the secret is not the same at both ends`);
    case TsigRcode.BADTIME:
      return new TsigError(tsig.error, `it finds our signature with key ${key.name} out of its time (BADTIME${serverClock(tsig, now)}): set the clocks of both machines (NTP)`);
    default:
      return new TsigError(tsig.error, `it reports error ${tsig.error} for our signature with key ${key.name}`);
  }
}

/** BADTIME brings the server's time as its other data. */
function serverClock({ other }: Tsig, now: number): string {
  if (other.length !== 6) return "";
  const seconds = other.reduce((total, octet) => total * 256 + octet, 0);
  return `; its clock is ${apart(seconds - now)}`;
}

function apart(seconds: number): string {
  return `${Math.abs(seconds)} s ${seconds < 0 ? "behind" : "ahead of"} ours`;
}
