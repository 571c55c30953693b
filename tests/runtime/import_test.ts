import assert from "node:assert/strict";
import { runChild } from "../support/run_child.ts";

Deno.test("importing mod.ts needs no permission: nothing is opened, read or probed", async () => {
  const { code, stdout, stderr } = await runChild(new URL("../../mod.ts", import.meta.url), {
    flags: [],
  });
  assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "", stderr: "" });
});
