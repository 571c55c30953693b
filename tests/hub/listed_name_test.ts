import assert from "node:assert/strict";
import { checkListedNames, impossibleName, unfitName } from "../../src/hub/listed_name.ts";

Deno.test("impossibleName() knows what no repository can hold", () => {
  for (const path of ["../a", "a/..", "./a", "/a", "a//b", "a/", "", "a\0"]) {
    assert.ok(impossibleName(path), path);
  }
  for (const path of ["a", "a/b.c", "...", "a..b", "C:\\x"]) {
    assert.equal(impossibleName(path), undefined);
  }
});

Deno.test("unfitName() knows what cannot be a file on every system", () => {
  const names = ["a\\b", "C:x", "a*", "a?", "nul", "a/CON.txt", "com1", "LPT¹", "a.", "a /b", " a"];
  for (const path of [...names, "a\u202eb", "a\nb", "é".repeat(128), "a/".repeat(600)]) {
    assert.ok(unfitName(path), path);
  }
  for (const path of ["a b", "é.json", "unet/config.json", "console.txt", "a".repeat(255)]) {
    assert.equal(unfitName(path), undefined, path);
  }
});

Deno.test("checkListedNames() refuses names that are one on some systems", () => {
  const check = (...paths: string[]) => checkListedNames(paths, "the listing", ".fetch");
  check("a", "b/a", "b/c", "c");
  for (const paths of [["a", "A"], ["a", "a"], ["é", "e\u0301"], ["a", "A/b"], ["a/b/c", "a/B"]]) {
    assert.throws(() => check(...paths), { name: "FormatError" }, `${paths}`);
  }
  assert.throws(() => check(".Fetch/x"), /\.fetch is reserved/);
});
