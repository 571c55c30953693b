import assert from "node:assert/strict";
import { join } from "node:path";
import { quoteWord } from "../../src/text.ts";
import { ROOT, runScript } from "../support/run_script.ts";
import { withTempFolder } from "../support/temp_folder.ts";

/** The last line of a script that is refused. */
async function refusal(
  script: string,
  args: readonly string[],
  options: { permissions: string[]; cwd?: string },
): Promise<string> {
  const { code, stderr } = await runScript(`scripts/${script}.ts`, args, options);
  assert.equal(code, 4, stderr);
  return stderr.trim().split("\n").at(-1)!;
}

Deno.test("a script without a permission of its task prints the command line that grants it", async () => {
  const seed = await refusal("parallel_dit", ["--seed", "3"], { permissions: [] });
  assert.match(
    seed,
    / - --allow-ffi is missing: run deno run -q -P=dit scripts\/parallel_dit\.ts --seed 3$/,
  );
  const permissions = ["--allow-ffi", "--allow-read"];
  const sys = await refusal("rerun", ["output/samples/none"], { permissions });
  assert.match(sys, / \(--allow-sys\): run deno run -q -P=rerun scripts\/rerun\.ts output\S+$/);
});

Deno.test("./parataa grants the paths of its command line, and other paths by flags before the command", () =>
  withTempFolder(async (folder) => {
    const path = join(folder, "it's");
    await Deno.writeTextFile(path, "{}");
    const permissions = ["--quiet", "-P=inspect"];
    const named = await refusal("inspect", ["--no_hash", path], { permissions });
    assert.ok(named.endsWith(`: run ./parataa inspect --no_hash ${quoteWord(path)}`), named);
    const elsewhere = await refusal("inspect", [path], { permissions, cwd: folder });
    // By its whole path or the relative one, whichever is shorter.
    assert.match(elsewhere, /: run '?\S.*parataa'? inspect '/);
    const experiment = join(folder, "grid.json");
    const grid = {
      script: "dit",
      arguments: { noise_path: path, timesteps: 2, num_samples: 1 },
      methods: ["tqn"],
    };
    await Deno.writeTextFile(experiment, JSON.stringify(grid));
    const start = (line: string) =>
      new Deno.Command("sh", { args: ["-c", line], cwd: ROOT, env: { NO_COLOR: "1" } }).output();
    const launched = await start(`./parataa experiment '${experiment}' --dry_run`);
    assert.equal(launched.code, 4);
    const said = new TextDecoder().decode(launched.stderr).trim();
    const line = said.slice(said.indexOf(": run ") + ": run ".length);
    const words = [quoteWord(`--allow-read=${path}`), "experiment", quoteWord(experiment)];
    assert.equal(line, `./parataa ${words.join(" ")} --dry_run`);
    assert.equal((await start(line)).code, 0);
  }));

Deno.test("the suggested command line does not repeat a prompt of thousands of characters", async () => {
  const args = ["-m", "/nowhere", "--prompt", "a".repeat(8000)];
  const said = await refusal("parallel_sd", args, { permissions: ["--quiet", "-P=sd"] });
  assert.match(said, /: run \.\/parataa sd and the flags of this line$/);
});
