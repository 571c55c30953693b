import assert from "node:assert/strict";
import { join } from "node:path";
import { COMMANDS } from "../../src/cli/commands/commands.ts";
import { loadCommand } from "../../src/cli/commands/load_command.ts";
import { runParataa } from "../../src/cli/parataa.ts";
import { ROOT, runScript } from "../support/run_script.ts";
import { withTempFolder } from "../support/temp_folder.ts";
import { writeTinyDit } from "../support/tiny_dit.ts";

/** Runs `parataa` without a single permission. */
const parataa = (...args: string[]) => runScript("scripts/parataa.ts", args, { permissions: [] });

/** What `runParataa()` prints in this process. */
async function printed(...args: string[]): Promise<string> {
  const { log } = console;
  const lines: string[] = [];
  console.log = (line: string) => lines.push(line);
  await runParataa(args, new AbortController().signal).finally(() => console.log = log);
  return lines.join("\n");
}

Deno.test("COMMANDS and the scripts correspond one to one", async () => {
  const scripts: string[] = [];
  for await (const { name, isFile } of Deno.readDir(join(ROOT, "scripts"))) {
    if (isFile && !["parataa.ts", "launched.ts"].includes(name)) scripts.push(name);
  }
  const rows = Object.values(COMMANDS).map(({ script }) => `${script}.ts`);
  assert.deepEqual(
    rows.toSorted(),
    scripts.toSorted(),
    "add a row to src/cli/commands/commands.ts",
  );
});

Deno.test("--help and --version of parataa and of every command need no permission", async () => {
  const { code, stdout, stderr } = await parataa("--help");
  assert.equal(code, 0, stderr);
  for (const [name, { about }] of Object.entries(COMMANDS)) {
    const words = about.split(" ").map(RegExp.escape).join("\\s+");
    assert.match(stdout, new RegExp(`^  ${name} +${words}$`, "m"));
  }
  assert.match((await parataa("--version")).stdout, /^parataa \d+\.\d+\.\d+ \(Deno [\d.]+\)\n$/);
  assert.match(
    (await parataa("help", "dit")).stdout,
    /Example: deno task parataa dit --class_labels/,
  );
});

Deno.test("the examples of --help that need only shipped files run in any folder", () =>
  withTempFolder(async (cwd) => {
    const more: Record<string, string[]> = { inspect: [], doctor: [], experiment: ["--dry_run"] };
    for (const [command, flags] of Object.entries(more)) {
      const [, words] = (await parataa(command, "--help")).stdout.match(/Example: .*parataa (.+)/)!;
      const ran = await runScript("scripts/parataa.ts", [...words.split(" "), ...flags], { cwd });
      assert.equal(ran.code, 0, ran.stderr);
    }
  }));

Deno.test("runParataa() handles --help and --version for every command", async () => {
  for (const name of Object.keys(COMMANDS)) {
    const help = await printed(name, "--help");
    assert.match(help, /^Example: /m, name);
    assert.match(help, /--help/, name);
    assert.match(await printed(name, "--version"), /^parataa \d/, name);
    assert.equal(await printed("help", name), help);
  }
});

Deno.test("--help of every command fits 80 columns, and lists five flags first if there are many", async () => {
  const first: Record<string, string[]> = {
    dit: ["class_labels", "model_path", "output_path", "num_samples", "seed"],
    flow: ["class_labels", "prompt", "variation_steps", "model_path", "output_path"],
    sd: ["prompt", "model_path", "output_path", "num_samples", "seed"],
    "sd-winit": ["prompt1", "prompt2", "variation_steps", "model_path", "output_path"],
  };
  for (const name of ["help", ...Object.keys(COMMANDS)]) {
    const help = await printed(name, "--help");
    const long = help.split("\n").filter((line) => line.length > 80);
    assert.deepEqual(long, [], name);
    const [, section] = /^First:\n((?: .*\n)+)/m.exec(help) ?? [];
    const flags = section?.match(/(?<=^.{6}--)\w+/gm);
    assert.deepEqual(flags?.map(String), first[name], name);
    const listed = help.match(/(?<=^.{6}--)\w+/gm) ?? [];
    const all = name === "help" ? [] : Object.keys((await loadCommand(name)).flags);
    assert.deepEqual(listed.map(String).toSorted(), all.toSorted(), `${name} lists each flag once`);
  }
});

Deno.test("runParataa() refuses an unknown command and suggests the nearest", async () => {
  const cases: [args: string[], line: RegExp][] = [
    [["dti"], /^"dti" is not a command - did you mean dit\?$/],
    [["sdwinit", "--seed=1"], /did you mean sd-winit\?$/],
    [["xyzzyplugh"], /deno task parataa --help lists the commands$/],
    [["constructor"], /^"constructor" is not a command/],
    [["--seed=1"], /^"--seed=1" is not a command/],
    [["completion"], /^completion takes one of bash, zsh, fish, not ""/],
    [["completion", "tcsh"], /not "tcsh"/],
  ];
  for (const [args, line] of cases) {
    const refusal = await runParataa(args, new AbortController().signal).catch((error) => error);
    assert.equal(refusal.exitCode, 2, `${args}`);
    assert.match(`${refusal.message} - ${refusal.hint}`, line);
  }
});

Deno.test("parataa passes its arguments to the command and exits with its code", () =>
  withTempFolder(async (folder) => {
    const model = await writeTinyDit(folder);
    const args = ["-m", model, "-o", join(folder, "out"), "--timesteps=2", "--num_samples=1"];
    const run = await runScript("scripts/parataa.ts", ["dit", ...args, "--quiet"]);
    assert.equal(run.code, 0, run.stderr);
    assert.ok((await Deno.stat(join(run.stdout.trim(), "manifest.json"))).isFile);
    const verified = await runScript("scripts/parataa.ts", ["verify", run.stdout.trim()]);
    assert.equal(verified.code, 0, verified.stderr);
    const refused = await runScript("scripts/parataa.ts", ["verify"]);
    assert.equal(refused.code, 2);
    assert.match(
      refused.stderr,
      /^parataa: E_USAGE: verify needs .* - deno task parataa verify output/,
    );
  }));
