import assert from "node:assert/strict";
import { FormatError } from "../../src/errors.ts";
import { encodeRounds, readRounds } from "../../src/runs/rounds_file.ts";

const row = (
  round: number,
  [windowStart, windowEnd]: [number, number],
  residuals: number[],
) => ({
  round,
  windowStart,
  windowEnd,
  evaluations: residuals.length,
  finishedIndex: 0,
  residuals,
});

const ROUNDS = [row(1, [1, 4], [0.125, NaN, 2e-7]), row(2, [0, 1], [0])];
const file = "rounds.csv";

Deno.test("encodeRounds() writes a row per round and a column per step", () => {
  assert.deepEqual(new TextDecoder().decode(encodeRounds(ROUNDS, 4)).split("\n"), [
    "round,window_start,window_end,evaluations,finished_index,residual_0,residual_1,residual_2,residual_3",
    "1,1,4,3,0,,1.250e-1,,2.000e-7",
    "2,0,1,1,0,0.000e+0,,,",
    "",
  ]);
});

Deno.test("readRounds() reads written rounds", () => {
  assert.deepEqual(readRounds(encodeRounds(ROUNDS, 4), { file }), ROUNDS);
});

Deno.test("readRounds() names an invalid line", () => {
  const text = new TextDecoder().decode(encodeRounds(ROUNDS, 4));
  const damaged: [edit: (text: string) => string, message: RegExp][] = [
    [() => "", /rounds\.csv holds no rounds/],
    [(text) => text.slice(0, -1), /holds no rounds/],
    [(text) => text.replace("2,0,1", "3,0,1"), /line 3 is not a round of 9 columns/],
    [(text) => text.replace("1,1,4", "1,1,5"), /line 2 is not a round/],
    [(text) => text.replace("1,1,4", "1,4,1"), /line 2 is not a round/],
    [(text) => text.replace("1.250e-1", "0x10"), /line 2 is not a round/],
    [(text) => text.replace(",,,\n", ",,\n"), /line 3 is not a round/],
  ];
  for (const [edit, message] of damaged) {
    const bytes = new TextEncoder().encode(edit(text));
    assert.throws(() => readRounds(bytes, { file }), (error: Error) => {
      assert.ok(error instanceof FormatError, edit.toString());
      assert.match(error.message, message);
      return true;
    });
  }
});
