import assert from "node:assert/strict";
import { FILES, fillRegions, regionTexts } from "../../scripts/dev/docs/regions.ts";
import * as errors from "../../src/errors.ts";
import { readPage } from "../support/markdown.ts";

/** Text as `deno fmt` cannot change it: lines joined, padding of tables removed. */
function unformatted(markdown: string): string {
  return markdown.replace(/\s+/g, " ").replace(/-{2,}/g, "-");
}

for (const file of FILES) {
  Deno.test(`the generated regions of ${file} are up to date (deno task docs)`, async () => {
    const markdown = await readPage(file);
    assert.match(markdown, /<!-- generated: /);
    assert.equal(unformatted(markdown), unformatted(fillRegions(markdown, await regionTexts())));
  });
}

Deno.test("fillRegions() replaces what stands between the marks, and refuses an unknown name", () => {
  const markdown = "a\n<!-- generated: x -->\nold\n<!-- end -->\nb";
  const wanted = "a\n<!-- generated: x -->\n\nnew\n\n<!-- end -->\nb";
  assert.equal(fillRegions(markdown, new Map([["x", "new"]])), wanted);
  assert.throws(() => fillRegions(markdown, new Map()), /no text for the region x/);
});

Deno.test("docs/troubleshooting.md lists the code and the name of every error", async () => {
  const rows = (await readPage("docs/troubleshooting.md")).split("\n")
    .filter((line) => line.startsWith("|"));
  for (const [name, error] of Object.entries(errors)) {
    const { code, exitCode } = new error("");
    const row = rows.find((line) => line.split("|")[1].trim() === String(exitCode));
    assert.ok(row?.includes(`\`${code}\``), name);
  }
});
