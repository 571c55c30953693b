import assert from "node:assert/strict";
import { join } from "node:path";
import { readDefinition } from "../../src/experiments/definition.ts";
import { expandCells } from "../../src/experiments/cells.ts";
import { ROOT } from "../support/run_script.ts";

const read = (path: string) => Deno.readTextFile(join(ROOT, path));

/** Exit codes of docs/troubleshooting.md with "yes" or "no" in the last column. */
async function codes(again: "yes" | "no"): Promise<number[]> {
  const rows = (await read("docs/troubleshooting.md")).split("\n").filter((line) =>
    new RegExp(`^\\| *\\d.*\\| ${again} +\\|$`).test(line)
  );
  return rows.flatMap((row) => row.split("|")[1].split(",").map(Number));
}

Deno.test("the exit codes of docs/troubleshooting.md are permanent or worth a retry, each once", async () => {
  const both = [...await codes("yes"), ...await codes("no")].toSorted((a, b) => a - b);
  assert.deepEqual(both, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 70, 129, 130, 143]);
});

Deno.test("the examples for clusters retry after the exit codes that are worth it", async () => {
  const job = await read("examples/cluster/kubernetes_job.yaml");
  const [, permanent] = /onExitCodes: .*values: \[([\d, ]+)\]/.exec(job)!;
  assert.deepEqual(permanent.split(",").map(Number), await codes("no"));
  const slurm = await read("examples/cluster/slurm_array.sh");
  const [, retried] = /case \$code in ([\d |]+)\) again=1/.exec(slurm)!;
  // After a signal, Slurm decides: a cancelled task ends by one too.
  assert.deepEqual(
    retried.split("|").map(Number),
    (await codes("yes")).filter((code) => code < 128),
  );
});

Deno.test("examples/cluster/small.json has the eight runs that its text promises", async () => {
  const file = "examples/cluster/small.json";
  const definition = readDefinition(new TextEncoder().encode(await read(file)), file);
  assert.match(definition.about ?? "", /^Eight small runs/);
  assert.equal((await expandCells(definition, file)).all.length, 8);
});
