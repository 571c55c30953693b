import assert from "node:assert/strict";
import { join } from "node:path";
import { ROOT, runScript } from "../support/run_script.ts";

/** A Worker reads its own modules: `src` and `ffi` are granted for it. */
const DEVICES = "--devices=cpu:2";

/** Scripts that the README starts with an exact `deno run` line, and arguments that make them short. */
const SCRIPTS: Record<string, string[]> = {
  "scripts/parallel_dit.ts": ["--timesteps=2", "--num_samples=1", DEVICES],
  "scripts/parallel_sd.ts": ["--timesteps=2", "--num_samples=1", DEVICES],
  "scripts/parallel_sd_winit.ts": ["--timesteps=2", "--variation_steps=1", DEVICES],
  "scripts/verify.ts": ["dit", "--timesteps=2", "--num_samples=1", DEVICES],
};

/** The permissions of the README's line. */
async function readmePermissions(script: string): Promise<string[]> {
  const readme = await Deno.readTextFile(join(ROOT, "README.md"));
  const line = readme.split("\n").find((line) =>
    line.startsWith("deno run --no-prompt ") && line.endsWith(` ${script}`)
  );
  assert.ok(line, `README.md has no deno run line for ${script}`);
  return line.split(" ").filter((word) => word.startsWith("--allow-"));
}

/** Every permission taken away in turn; of a list, every entry. */
function weakened(permissions: readonly string[]): [what: string, rest: string[]][] {
  return permissions.flatMap((permission, i): [string, string[]][] => {
    const without = permissions.filter((_, j) => j !== i);
    const [flag, list] = permission.split("=");
    const entries = list?.split(",") ?? [];
    if (entries.length < 2) return [[permission, without]];
    return entries.map((entry) => {
      const rest = entries.filter((other) => other !== entry).join(",");
      return [`${flag}=${entry}`, [...without, `${flag}=${rest}`]];
    });
  });
}

for (const [script, short] of Object.entries(SCRIPTS)) {
  Deno.test(`${script} runs with exactly the permissions of the README and fails closed without any of them`, async () => {
    const permissions = await readmePermissions(script);
    const args = [...short, "--quiet"];
    const whole = await runScript(script, args, { permissions });
    assert.equal(whole.code, 0, whole.stderr);
    const [run] = whole.stdout.split("\n");
    await Deno.remove(join(ROOT, run), { recursive: true });
    for (const [what, rest] of weakened(permissions)) {
      const before = await names(join(ROOT, "output"));
      const { code, stderr, stdout } = await runScript(script, args, { permissions: rest });
      assert.equal(code, 4, `without ${what}: ${stderr}`);
      assert.match(stderr, /^parataa: E_PERMISSION: .*--allow-(ffi|read|write|env)/, what);
      assert.equal(stderr.trim().split("\n").length, 1, stderr);
      assert.equal(stdout, "");
      await removeEmpty(join(ROOT, "output"), before);
    }
  });
}

Deno.test("the tasks of deno.json grant what the README's lines grant", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json")));
  for (
    const [task, script] of [["dit", "parallel_dit"], ["sd", "parallel_sd"], [
      "sd-winit",
      "parallel_sd_winit",
    ], ["verify", "verify"]]
  ) {
    const permissions = await readmePermissions(`scripts/${script}.ts`);
    assert.equal(
      tasks[task].command,
      `deno run --no-prompt ${permissions.join(" ")} scripts/${script}.ts`,
    );
  }
});

async function names(folder: string): Promise<Set<string>> {
  const found = new Set<string>();
  for await (const entry of Deno.readDir(folder)) found.add(entry.name);
  return found;
}

/** Removes the empty folder that a run without its permission to read leaves; whatever else appears meanwhile is somebody's run. */
async function removeEmpty(folder: string, before: ReadonlySet<string>): Promise<void> {
  for (const name of await names(folder)) {
    const path = join(folder, name);
    if (!before.has(name) && (await names(path)).size === 0) await Deno.remove(path);
  }
}
