import assert from "node:assert/strict";
import { checkRevision, readRepositoryName } from "../../src/hub/repository_name.ts";

Deno.test("readRepositoryName() takes owner/name", () => {
  for (const text of ["stabilityai/sd-vae-ft-ema", "a/b.c_d", "_x/1"]) {
    assert.equal(Object.values(readRepositoryName(text)).join("/"), text);
  }
});

Deno.test("readRepositoryName() refuses another form and suggests the nearest", () => {
  const cases: [text: string, hint: RegExp][] = [
    ["https://hub.example/owner/name/tree/main", /did you mean "owner\/name"\?/],
    ["models/owner/name", /did you mean "owner\/name"\?/],
    ["owner\\name", /did you mean "owner\/name"\?/],
    [" owner/name/ ", /did you mean "owner\/name"\?/],
    ...[
      "name",
      "a/b/c",
      "../b",
      "a/..",
      "a/b--c",
      "-a/b",
      "a/.b",
      "a/b.",
      "a/b?x",
      "a/\u202eb",
      "a/nul",
      "",
    ]
      .map((text): [string, RegExp] => [text, /page of a model shows the name/]),
    [`a/${"b".repeat(95)}`, /page of a model shows the name/],
  ];
  for (const [text, hint] of cases) {
    const message = /^the repository is ".*", wanted owner\/name/;
    assert.throws(() => readRepositoryName(text), { name: "UsageError", message, hint }, text);
  }
});

Deno.test("checkRevision() takes branches, tags and commits, and nothing that is a path", () => {
  for (const text of ["main", "v1.0", "refs/pr/1", "0".repeat(40)]) checkRevision(text);
  for (
    const text of [
      "",
      "../x",
      "a/../b",
      "/a",
      "a/",
      "a b",
      "a\0",
      ".x",
      "a//b",
      "a?b",
      "x".repeat(300),
    ]
  ) {
    assert.throws(() => checkRevision(text), { name: "UsageError" }, text);
  }
});
