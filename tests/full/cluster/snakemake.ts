/**
 * Runs examples/cluster/Snakefile: `deno task test:snakemake`. `--install` installs Snakemake in a
 * virtual environment of Python; otherwise PARATAA_SNAKEMAKE or PATH names the program.
 * @module
 */
import { join } from "node:path";
import { ROOT } from "../../support/run_script.ts";
import { withTempFolder } from "../../support/temp_folder.ts";
import { expectSame, makeByOneProcess, run, SMALL } from "./small_experiment.ts";

const program = Deno.args.includes("--install")
  ? await install()
  : Deno.env.get("PARATAA_SNAKEMAKE") ?? "snakemake";

async function install(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "parataa-snakemake-" });
  await run("python3", ["-m", "venv", folder]);
  await run(join(folder, "bin/pip"), ["install", "--quiet", "snakemake"]);
  return join(folder, "bin/snakemake");
}

Deno.test("Snakemake makes the runs of one process, a job each, and reports", () =>
  withTempFolder(async (folder) => {
    const wanted = await makeByOneProcess(join(folder, "one"));
    const out = join(folder, "out");
    const start = (...args: string[]) =>
      run(program, [
        ...["--cores", "2", "--snakefile", join(ROOT, "examples/cluster/Snakefile")],
        ...["--directory", join(folder, "work"), ...args],
        ...["--config", `parataa=${ROOT}`, `experiment=${SMALL}`, `out=${out}`],
      ]);
    console.log(await start("--quiet", "progress"));
    await expectSame(out, wanted);
    console.log(await start()); // nothing is left to do
    await expectSame(out, wanted);
  }));
