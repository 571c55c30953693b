/** examples/cluster/parallel.sh; needs GNU parallel (Debian: `parallel`). @module */
import { join } from "node:path";
import { ROOT } from "../../support/run_script.ts";
import { withTempFolder } from "../../support/temp_folder.ts";
import { expectSame, jobVariables, makeByOneProcess, run, SMALL } from "./small_experiment.ts";

Deno.test("GNU parallel makes the runs of one process, and reports", () =>
  withTempFolder(async (folder) => {
    const wanted = await makeByOneProcess(join(folder, "one"));
    const out = join(folder, "out"), script = join(ROOT, "examples/cluster/parallel.sh");
    await run("sh", [script, SMALL, out], jobVariables(out));
    await expectSame(out, wanted);
  }));
