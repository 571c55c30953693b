import assert from "node:assert/strict";
import { matchesGlob } from "../../src/hub/glob.ts";

Deno.test("matchesGlob() matches *, ? and folders as the hub's tools do", () => {
  const cases: [pattern: string, path: string, matches: boolean][] = [
    ["*.json", "unet/config.json", true],
    ["*.json", "config.json5", false],
    ["unet/*", "unet/a/b.bin", true],
    ["unet/", "unet/a/b.bin", true],
    ["unet", "unet/a", false],
    ["model-?.bin", "model-1.bin", true],
    ["model-?.bin", "model-12.bin", false],
    ["*", "", true],
    ["", "a", false],
    ["a*b*c", "aXbXbc", true],
    ["a*b*c", "aXbXb", false],
    ["[a].bin", "[a].bin", true],
  ];
  for (const [pattern, path, matches] of cases) {
    assert.equal(matchesGlob(path, pattern), matches, `${pattern} ${path}`);
  }
});

Deno.test("matchesGlob() takes no time that grows with the number of stars", () => {
  assert.equal(matchesGlob("a".repeat(1000), `${"*a".repeat(200)}b`), false);
});
