import assert from "node:assert/strict";
import { VERSION } from "../src/version.ts";
import config from "../deno.json" with { type: "json" };

Deno.test("VERSION equals the version of deno.json", () => {
  assert.equal(VERSION, config.version);
});
