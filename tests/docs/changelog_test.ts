import assert from "node:assert/strict";
import { VERSION } from "../../src/version.ts";
import { readPage } from "../support/markdown.ts";

Deno.test("the changelog has Unreleased first, then this version with its date, each in known sections", async () => {
  const headings = (await readPage("CHANGELOG.md")).match(/^##+ .*$/gm)!;
  const versions = headings.filter((line) => line.startsWith("## "));
  assert.equal(versions[0], "## Unreleased");
  assert.match(
    versions[1],
    new RegExp(`^## ${VERSION.replaceAll(".", "\\.")} - \\d{4}-\\d\\d-\\d\\d$`),
  );
  const known = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];
  for (const line of headings.filter((line) => line.startsWith("### "))) {
    assert.ok(known.includes(line.slice(4)), line);
  }
});
