import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  ACK_OCTETS,
  ExtensionType,
  MAP_REPLY_OCTETS,
  MAP_REQUEST_OCTETS,
  MessageType,
  ReplyFlag,
  RequestFlag,
  ResultCode,
  UpdateAction,
} from "../../src/wire/index.ts";

const document = readFileSync(new URL("../../docs/protocol.md", import.meta.url), "utf8");

/** The table rows under a heading of docs/protocol.md, as cells. */
function rowsUnder(heading: string): string[][] {
  const start = document.indexOf(`\n### ${heading} `);
  const section = document.slice(start + 1, document.indexOf("\n#", start + 2));
  const rows = section.split("\n").filter((line) => line.startsWith("| "));
  return rows.slice(1).map((row) => row.split("|").slice(1, -1).map((cell) => cell.trim()));
}

/** The numbers that a registry assigns; rows that set numbers aside are left out. */
function assigned(heading: string): number[] {
  const rows = rowsUnder(heading).filter(([number, name]) => /^(0x)?[0-9a-f]+$/.test(number!) && name !== "reserved");
  return rows.map(([number]) => Number(number));
}

test.each([
  ["12.1", MessageType],
  ["12.2", RequestFlag],
  ["12.3", ReplyFlag],
  ["12.4", ResultCode],
  ["12.5", UpdateAction],
  ["12.6", ExtensionType],
])("registry %s of docs/protocol.md has the numbers of the code", (heading, numbers) => {
  expect(assigned(heading)).toEqual(Object.values(numbers));
});

test("message lengths of docs/protocol.md are those of the code", () => {
  const lengths = rowsUnder("12.1").flatMap(([, , , octets]) => (octets === "" ? [] : [Number(octets)]));
  expect(lengths).toEqual([MAP_REQUEST_OCTETS, ACK_OCTETS, MAP_REPLY_OCTETS, ACK_OCTETS, MAP_REPLY_OCTETS, ACK_OCTETS]);
});
