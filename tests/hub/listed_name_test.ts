import assert from "node:assert/strict";
import {
  checkListedNames,
  invalidPathReason,
  unportablePathReason,
} from "../../src/hub/listed_name.ts";

Deno.test("invalidPathReason() is given for paths that no repository can hold", () => {
  for (const path of ["../a", "a/..", "./a", "/a", "a//b", "a/", "", "a\0"]) {
    assert.ok(invalidPathReason(path), path);
  }
  for (const path of ["a", "a/b.c", "...", "a..b", "C:\\x"]) {
    assert.equal(invalidPathReason(path), undefined);
  }
});

Deno.test("unportablePathReason() is given for paths that are not portable", () => {
  const names = ["a\\b", "C:x", "a*", "a?", "nul", "a/CON.txt", "com1", "LPT¹", "a.", "a /b", " a"];
  for (const path of [...names, "a\u202eb", "a\nb", "é".repeat(128), "a/".repeat(600)]) {
    assert.ok(unportablePathReason(path), path);
  }
  for (const path of ["a b", "é.json", "unet/config.json", "console.txt", "a".repeat(255)]) {
    assert.equal(unportablePathReason(path), undefined, path);
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
