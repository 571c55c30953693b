import assert from "node:assert/strict";
import { join } from "node:path";
import { readJson } from "../../src/formats/json.ts";
import { ROOT } from "../support/run_script.ts";

interface Cell {
  cell_type: string;
  execution_count?: number;
  source: string[];
  outputs?: { output_type: string; data?: Record<string, unknown> }[];
}

Deno.test("the notebook was executed from top to bottom without an error, and shows images and a plot", async () => {
  const file = join(ROOT, "notebooks/parallel_sampling.ipynb");
  const bytes = await Deno.readFile(file);
  assert.ok(bytes.length < 500_000, `${bytes.length} bytes`);
  const notebook = readJson(bytes, { file }) as unknown as {
    cells: Cell[];
    metadata: { kernelspec: { name: string } };
  };
  assert.equal(notebook.metadata.kernelspec.name, "deno");
  const cells = notebook.cells.filter((cell) => cell.cell_type === "code");
  assert.deepEqual(cells.map((cell) => cell.execution_count), cells.map((_, i) => i + 1));
  const outputs = cells.flatMap((cell) => cell.outputs!);
  assert.ok(outputs.every(({ output_type }) => output_type !== "error"));
  const kinds = new Set(outputs.flatMap(({ data }) => Object.keys(data ?? {})));
  for (const kind of ["image/png", "image/svg+xml", "text/html"]) assert.ok(kinds.has(kind), kind);
});

Deno.test("the notebook imports names that mod.ts exports", async () => {
  const text = await Deno.readTextFile(join(ROOT, "notebooks/parallel_sampling.ipynb"));
  const cells = (JSON.parse(text) as { cells: Cell[] }).cells;
  const source = cells.map((cell) => cell.source.join("")).find((s) => s.includes("mod.ts"))!;
  const names = source.match(/import \{([^}]+)\}/)![1].split(",").map((name) => name.trim());
  const exported = await import("../../mod.ts");
  for (const name of names.filter(Boolean)) assert.ok(name in exported, name);
});
