import { expect, test } from "vitest";
import { LiveLine } from "../../src/cli/live-line.ts";
import { wrapList } from "../../src/cli/table.ts";

function terminal(isTTY: boolean): { isTTY: boolean; columns: number; written: string[]; write(text: string): void } {
  const written: string[] = [];
  return { isTTY, columns: 10, written, write: (text) => void written.push(text) };
}

const plain = (text: string): string => text;

test("a live line is cut to the terminal, and is cleared once before something else is printed; no escape sequence is needed", () => {
  const screen = terminal(true);
  const line = new LiveLine(screen, {});
  line.clear();
  line.show("0123456789abc", plain);
  line.show("short", plain);
  line.clear();
  line.clear();
  expect(screen.written).toEqual(["\r012345678", "\rshort    ", "\r     \r"]);
});

test.each([[false, {}], [true, { TERM: "dumb" }]])("without a terminal that can there is no live line: terminal %s, %j", (isTTY, environment) => {
  const file = terminal(isTTY);
  const line = new LiveLine(file, environment);
  line.show("queries 1", plain);
  line.clear();
  expect({ isLive: line.isLive, written: file.written }).toEqual({ isLive: false, written: [] });
});

test("a list is wrapped between its items", () => {
  expect(wrapList(["one 1", "two 2", "three 3"], 14)).toEqual(["one 1, two 2,", "three 3"]);
  expect(wrapList(["a very long item", "b"], 4)).toEqual(["a very long item,", "b"]);
  expect(wrapList([], 10)).toEqual([]);
});
