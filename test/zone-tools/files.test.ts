import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readAnchorsFile } from "../../src/zone-tools/anchors-file.ts";
import { readTsigKeyFile } from "../../src/zone-tools/tsig-key-file.ts";
import { dsText, makeKey } from "../support/zone-signer.ts";

const directory = mkdtempSync(join(tmpdir(), "drtm-files-"));
const FILE = join(directory, "file");
const SECRET = "MDEyMzQ1Njc4OWFiY2RlZg==";

afterAll(() => {
  rmSync(directory, { recursive: true });
});

function inFile(text: string): string {
  writeFileSync(FILE, text);
  return FILE;
}

describe("a file with a TSIG key", () => {
  test.each([
    ["as tsig-keygen writes it", `key "transfer.example" {\n\talgorithm hmac-sha256;\n\tsecret "${SECRET}";\n};\n`],
    ["as keymgr -t writes it", `# hmac-sha256:transfer.example:${SECRET}\nkey:\n  - id: transfer.example.\n    algorithm: hmac-sha256\n    secret: ${SECRET}\n`],
    ["as NSD has it", `key:\n  name: "transfer.example"\n  algorithm: hmac-sha256\n  secret: "${SECRET}"\n`],
    ["as dig -y has it", `hmac-sha256:transfer.example:${SECRET}\n`],
    ["as name and secret", `transfer.example:${SECRET}`],
  ])("%s", (_what, text) => {
    expect(readTsigKeyFile(inFile(text)).name).toBe("transfer.example.");
  });

  test.each([
    ["nothing", "", "has no TSIG key: write what"],
    ["two keys", `key a { secret "${SECRET}"; };\nkey b { secret "${SECRET}"; };\n`, "has 2 TSIG keys: give a file with the one"],
    ["another algorithm", `key a { algorithm hmac-md5; secret "${SECRET}"; };`, "the algorithm is hmac-md5, and only hmac-sha256 is taken"],
    ["a short secret", "key a { algorithm hmac-sha256; secret \"YWJj\"; };", "the secret of TSIG key a has 3 octets: take at least 16"],
    ["no base64", "key a { algorithm hmac-sha256; secret \"MDEyM!zQ1Njc4OWFiY2Rl\"; };", "the secret of TSIG key a is not base64"],
  ])("%s is refused, without the secret", (_what, text, message) => {
    expect(() => readTsigKeyFile(inFile(text))).toThrow(`${FILE}${message.startsWith("has") ? " " : ": "}${message}`);
    expect(() => readTsigKeyFile(FILE)).not.toThrow(/MDEy|YWJj/);
  });
});

describe("a file of trust anchors", () => {
  const [A, B] = [makeKey("a.example."), makeKey("b.example.")];

  test("has those of several zones, as signers print them", () => {
    const text = `; of two zones\na.example. IN DS ${dsText(A)} ; ( SHA256 digest )\na.example. 3600 IN DS ${dsText(A, "sha384")}\n\nB.example. DNSKEY 257 3 13 ${Buffer.from(B.record.data.subarray(4)).toString("base64")}\n`;
    const anchors = readAnchorsFile(inFile(text));
    expect(Array.from(anchors, ([zone, list]) => [zone, ...list.map(({ kind, tag }) => `${kind} ${tag}`)])).toEqual([
      ["a.example.", `ds ${A.tag}`, `ds ${A.tag}`],
      ["b.example.", `dnskey ${B.tag}`],
    ]);
  });

  test("has every fault told, with its line", () => {
    const faults = `60485 13 2 ${"ab".repeat(32)}\n\na.example. DS 1 13 2 abcd\na.example. A 192.0.2.1\n`;
    expect(() => readAnchorsFile(inFile(faults))).toThrow(
      new RegExp(`^${FILE}:1: an anchor without the name of its zone.*\n${FILE}:3: the trust anchor with key tag 1 has a digest of 2 octets.*\n${FILE}:4: .+$`),
    );
  });

  test("with none is refused", () => {
    expect(() => readAnchorsFile(inFile("; nothing\n"))).toThrow(`${FILE} has no trust anchors: write DS or DNSKEY records`);
  });
});
