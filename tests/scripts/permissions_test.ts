import assert from "node:assert/strict";
import { COMMANDS } from "../../src/cli/commands/commands.ts";
import { commandLines } from "../support/command_lines.ts";
import { checkPermissionsOf } from "../support/command_permissions.ts";

const NONE = { out: "", run: "", checkpoint: "", folder: "", experiment: "" };

/** As `dit`, with more images or runs: tests/full/permissions.ts has them too. */
const SLOW = new Set(["sd-winit", "demo", "experiment"]);

Deno.test("commandLines() has lines for every command", () => {
  assert.deepEqual(Object.keys(commandLines(NONE)).toSorted(), Object.keys(COMMANDS).toSorted());
});

for (const name of Object.keys(COMMANDS).filter((name) => !SLOW.has(name))) {
  Deno.test(`${name} runs with exactly its permissions, uses them all, and fails closed without any of them`, () =>
    checkPermissionsOf(name));
}
