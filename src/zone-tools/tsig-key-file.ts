import { ConfigError } from "../config/config-error.ts";
import { readTextFile } from "../config/text-file.ts";
import { TsigKey, TsigKeyError } from "../dns/tsig/index.ts";

const COMMENT = /^\s*(?:#|\/\/).*$/gm;
/** As dig and kdig take it with -y. */
const ONE_LINE = /^\s*(?:(?<algorithm>hmac-[\w-]+):)?(?<name>[^\s:]+):(?<secret>[A-Za-z0-9+/]+=*)\s*$/;
const NAME = /(?:\bkey\s+|\bid:\s*|\bname:\s*)["']?([^\s"'{;:]+)["']?/g;
const SECRET = /\bsecret:?\s+["']?([^\s"';]+)/g;
const ALGORITHM = /\balgorithm:?\s+["']?([\w-]+)/;
const TAKEN = "hmac-sha256";

/**
 * A key shared with a name server, from a file as servers have it: the clause that `tsig-keygen` or `keymgr -t` prints, that of
 * NSD's configuration, or `[hmac-sha256:]NAME:SECRET`. A file, since everyone on the machine sees command lines. Throws ConfigError.
 */
export function readTsigKeyFile(file: string): TsigKey {
  const { name, secret, algorithm } = partsOf(readTextFile(file).replace(COMMENT, ""), file);
  if (algorithm !== undefined && algorithm.toLowerCase() !== TAKEN) throw new ConfigError([`${file}: the algorithm is ${algorithm}, and only ${TAKEN} is taken: make a key of that kind (tsig-keygen -a ${TAKEN} NAME)`]);
  try {
    return TsigKey.parse(name, secret);
  } catch (error) {
    if (!(error instanceof TsigKeyError)) throw error;
    throw new ConfigError([`${file}: ${error.message}`]);
  }
}

function partsOf(text: string, file: string): { name: string; secret: string; algorithm: string | undefined } {
  const { name: only, secret: ownSecret, algorithm: own } = ONE_LINE.exec(text)?.groups ?? {};
  if (only !== undefined && ownSecret !== undefined) return { name: only, secret: ownSecret, algorithm: own };
  const names = Array.from(text.matchAll(NAME), ([, found]) => found!);
  const secrets = Array.from(text.matchAll(SECRET), ([, found]) => found!);
  const [[name], [secret]] = [names, secrets];
  if (name === undefined || secret === undefined) throw new ConfigError([`${file} has no TSIG key: write what "tsig-keygen -a ${TAKEN} NAME" prints, or NAME:SECRET`]);
  if (names.length > 1 || secrets.length > 1) throw new ConfigError([`${file} has ${Math.max(names.length, secrets.length)} TSIG keys: give a file with the one that the server knows`]);
  return { name, secret, algorithm: ALGORITHM.exec(text)?.[1] };
}
