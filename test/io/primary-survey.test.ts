import { afterEach, expect, test } from "vitest";
import { surveyPrimaries } from "../../src/io/primary-survey.ts";
import { ScriptedPrimary } from "../support/hostile-primary.ts";
import { APEX } from "../support/registry.ts";
import { soa } from "../support/transfers.ts";

const ends: (() => void)[] = [];

afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** The serials of primaries, undefined for one that does not answer, in the order in which they are to be asked by who has `ours`. */
async function ordered(ours: number | undefined, serials: readonly (number | undefined)[]) {
  const started = await Promise.all(serials.map((serial) => ScriptedPrimary.start(() => undefined, serial === undefined ? undefined : soa(serial))));
  ends.push(...started.map((one) => () => { one.stop(); }));
  const { inOrder, faults } = await surveyPrimaries(APEX, started.map(({ primary }) => primary), ours, new AbortController().signal);
  const serialOf = (port: number): number | undefined => serials[started.findIndex((one) => one.port === port)];
  return { inOrder: inOrder.map(({ port }) => serialOf(port)), faults: Array.from(faults, ([{ port }, fault]) => `${serialOf(port)}: ${fault}`) };
}

test("the newest is asked first, then those that are newer than ours, the same, silent, and older; the last two are faults", async () => {
  const { inOrder, faults } = await ordered(5, [4, undefined, 5, 6, 8, 7]);
  expect(inOrder).toEqual([8, 7, 6, 5, undefined, 4]);
  expect(faults).toEqual([expect.stringMatching(/^4: its serial 4 of .* is behind 5/), expect.stringMatching(/^undefined: it has not answered/)]);
});

test("newer is what RFC 1982 says: serials wrap", async () => {
  const { inOrder } = await ordered(0xffff_fffe, [0xffff_fffd, 3, 0xffff_ffff, 0xffff_fffe]);
  expect(inOrder).toEqual([3, 0xffff_ffff, 0xffff_fffe, 0xffff_fffd]);
});

test("where nothing is known yet, who has the newest comes first, in the order given, then the silent, then who is behind", async () => {
  const { inOrder, faults } = await ordered(undefined, [4, undefined, 6, 5, 6]);
  expect(inOrder).toEqual([6, 6, undefined, 4, 5]);
  expect(faults).toEqual([expect.stringMatching(/^4: its serial 4 of .* is behind 6, which another primary has/), expect.stringMatching(/^undefined: /), expect.stringMatching(/^5: /)]);
});
