import assert from "node:assert/strict";
import { join } from "node:path";
import { expandCells } from "../../src/experiments/cells.ts";
import { readDefinition } from "../../src/experiments/definition.ts";
import { ROOT } from "../support/run_script.ts";

Deno.test("every file of scripts/experiments is a valid experiment, listed in its README", async () => {
  const folder = join(ROOT, "scripts/experiments");
  const readme = await Deno.readTextFile(join(folder, "README.md"));
  let count = 0;
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.endsWith(".json")) continue;
    count++;
    const definition = readDefinition(await Deno.readFile(join(folder, name)), name);
    const { all } = await expandCells(definition, name);
    assert.ok(all.length > 10 && all.length < 100, `${name}: ${all.length} runs`);
    assert.ok(readme.includes(`\`${name}\``), name);
  }
  assert.equal(count, 7);
});
