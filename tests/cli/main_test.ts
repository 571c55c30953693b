import assert from "node:assert/strict";
import { describeError, stackLines } from "../../src/cli/main.ts";
import { FormatError } from "../../src/errors.ts";

Deno.test("describeError() returns one line without control characters", () => {
  const hostile = "a\n b \u001b[2J \u202e\u00e9";
  const { line, message, exitCode } = describeError(new FormatError(hostile, { hint: hostile }));
  const shown = "a b \\u001b[2J \\u202eé";
  assert.deepEqual([line, message], [`parataa: E_FORMAT: ${shown} - ${shown}`, shown]);
  assert.equal(exitCode, 3);
});

Deno.test("stackLines() returns the stacks of an error and its causes, each message on one line", () => {
  const cause = new Error("b\n\x1b[2J");
  const lines = stackLines(new FormatError("a\nb", { cause }));
  const heads = lines.filter((line) => !line.startsWith("    at "));
  assert.deepEqual(heads, ["FormatError: a b", "caused by Error: b \\u001b[2J"]);
  assert.match(lines[1], /^ {4}at .*main_test\.ts/);
  assert.deepEqual(stackLines("text"), []);
  const circle = new Error("c");
  circle.cause = circle;
  assert.ok(stackLines(circle).length > 0);
});
