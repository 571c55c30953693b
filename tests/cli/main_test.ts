import assert from "node:assert/strict";
import { describeError } from "../../src/cli/main.ts";
import { FormatError } from "../../src/errors.ts";

Deno.test("describeError() gives one line that drives no terminal, whatever a message quotes", () => {
  const hostile = "a\n b \u001b[2J \u202e\u00e9";
  const { line, message, exitCode } = describeError(new FormatError(hostile, { hint: hostile }));
  const shown = "a b \\u001b[2J \\u202eé";
  assert.deepEqual([line, message], [`parataa: E_FORMAT: ${shown} - ${shown}`, shown]);
  assert.equal(exitCode, 3);
});
