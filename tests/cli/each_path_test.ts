import assert from "node:assert/strict";
import { FormatError, UsageError } from "../../src/errors.ts";
import { forEachPath } from "../../src/cli/each_path.ts";

const NEEDS = { message: "show needs a path", hint: "show a" };

Deno.test("forEachPath() processes every path and throws the first error with its path", async () => {
  const seen: string[] = [];
  const work = (path: string) => {
    seen.push(path);
    if (path === "b") throw new FormatError("is damaged");
    if (path === "c") throw new UsageError("c is no file");
    return Promise.resolve();
  };
  await assert.rejects(forEachPath(["a", "b", "c", "d"], NEEDS, work), {
    name: "FormatError",
    message: "b: is damaged",
  });
  assert.deepEqual(seen, ["a", "b", "c", "d"]);
  await assert.rejects(forEachPath(["b"], NEEDS, work), { message: "is damaged" });
  await assert.rejects(forEachPath([], NEEDS, work), { name: "UsageError", ...NEEDS });
});

Deno.test("forEachPath() stops at an unexpected error, such as a signal", async () => {
  const seen: string[] = [];
  const work = (path: string) => {
    seen.push(path);
    return Promise.reject(new Error("stopped"));
  };
  await assert.rejects(forEachPath(["a", "b"], NEEDS, work), { message: "stopped" });
  assert.deepEqual(seen, ["a"]);
});
