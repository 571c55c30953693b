import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { anchors, pages, prose, readPage } from "../support/markdown.ts";
import { ROOT } from "../support/run_script.ts";

Deno.test("every relative link and image of the docs leads to a file, and to a heading in it", async () => {
  let links = 0;
  for (const page of pages()) {
    for (const [, target] of prose(await readPage(page)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [path, anchor] = target.split("#");
      const file = path === "" ? page : normalize(join(dirname(page), path));
      assert.ok(existsSync(join(ROOT, file)), `${page}: ${target}`);
      if (anchor !== undefined) {
        assert.ok(anchors(await readPage(file)).includes(anchor), `${page}: ${target}`);
      }
      links++;
    }
  }
  assert.ok(links > 50, `${links}`);
});

Deno.test("paths of the repository that the docs name in code exist", async () => {
  const folders = /^(docs|ffi|src|scripts|tests|examples|models\/(dit|sd)-emoji)\/[\w./-]+$/;
  for (const page of pages()) {
    const named = prose(await readPage(page)).matchAll(/`([^`\s]+)`/g);
    for (const [, path] of named) {
      if (folders.test(path)) assert.ok(existsSync(join(ROOT, path)), `${page}: ${path}`);
    }
  }
});

Deno.test("the index of docs lists every page, and the README does", async () => {
  const [index, readme] = [await readPage("docs/README.md"), await readPage("README.md")];
  for (const page of pages().filter((path) => path.startsWith("docs/") && !/README/.test(path))) {
    assert.ok(index.includes(`(${page.slice("docs/".length)})`), page);
    assert.ok(readme.includes(`(${page})`), page);
  }
});

Deno.test("the README shows an image in its first 20 lines and has at most 150; a page has at most 250", async () => {
  const lines = (await readPage("README.md")).trimEnd().split("\n");
  assert.ok(lines.length <= 150, `${lines.length}`);
  const images = lines.slice(0, 20).filter((line) => /!\[.*\]\(.*\.png\)/.test(line));
  assert.equal(images.length, 2);
  for (const page of pages().filter((path) => path.startsWith("docs/"))) {
    const { length } = (await readPage(page)).trimEnd().split("\n");
    assert.ok(length <= 250, `${page}: ${length}`);
  }
});
