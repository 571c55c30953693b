import assert from "node:assert/strict";
import { join } from "node:path";
import { COMMANDS } from "../../src/cli/commands/commands.ts";
import { loadCommand } from "../../src/cli/commands/load_command.ts";
import { codeBlocks, commandLines, pages, readPage } from "../support/markdown.ts";
import { ROOT } from "../support/run_script.ts";
import { withTempFolder } from "../support/temp_folder.ts";

const CONFIG = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json")));

/** What the lines of `./parataa` may name beside the commands of the table. */
const OWN = ["completion", "help", "version"];

/** Cheap settings for the README's commands that sample. */
const CHEAP: Readonly<Record<string, string[]>> = {
  dit: ["--timesteps", "4"],
  sd: ["--timesteps", "4"],
  demo: ["--max_steps", "2"],
};

Deno.test("every command, task and flag that the docs name in a shell block exists", async () => {
  let lines = 0;
  for (const page of pages()) {
    for (const line of commandLines(await readPage(page))) {
      const [program, ...rest] = line;
      const words = program === "npx" ? rest.slice(1) : line;
      if (/^deno(@2)?$/.test(words[0]) && words[1] === "task") {
        assert.ok(words[2] in CONFIG.tasks, `${page}: ${line.join(" ")}`);
        if (words[2] in COMMANDS) await checkFlags(words.slice(2), page);
      } else if (/(^|\/)parataa$/.test(words[0])) {
        await checkFlags(words.slice(1).filter((word) => !word.startsWith("--allow-")), page);
      } else if (words[0] === "deno") {
        for (const file of words.filter((word) => /\.ts$/.test(word))) {
          await Deno.stat(join(ROOT, file));
        }
      } else continue;
      lines++;
    }
  }
  assert.ok(lines > 40, `${lines}`);
});

async function checkFlags([name, ...args]: string[], page: string): Promise<void> {
  if (OWN.includes(name)) return;
  const line = `${page}: ${name} ${args.join(" ")}`;
  assert.ok(name in COMMANDS, line);
  // `verify` takes the flags of the command that makes the run.
  const maker = name === "verify" && args[0] in COMMANDS ? [args[0]] : [];
  const tables = await Promise.all([name, ...maker].map(loadCommand));
  const flags = tables.flatMap((command) => Object.entries(command.flags));
  const known = flags.flatMap(([long, { short, aliases = [] }]) => [
    ...[long, ...aliases].map((word) => `--${word}`),
    ...(short ? [`-${short}`] : []),
  ]);
  for (const arg of args.filter((word) => /^-[-a-zA-Z]/.test(word))) {
    assert.ok(known.includes(arg.replace(/=.*/, "").replace(/(?<=\w)-/g, "_")), `${line}: ${arg}`);
  }
}

Deno.test("the README's command lines run", () =>
  withTempFolder(async (folder) => {
    const ran: string[] = [];
    for (const line of commandLines(await readPage("README.md"))) {
      // The demo's task may only write to output/. The tests are running.
      const [, command, ...args] = line[0] === "npx" ? line.slice(3) : line;
      ran.push(command);
      if (command === "test") continue;
      const cheap = command in CHEAP ? [...CHEAP[command], "-o", folder] : [];
      const { code, stdout, stderr } = await new Deno.Command(join(ROOT, "parataa"), {
        args: [command, ...args, ...cheap],
        cwd: ROOT,
        env: { NO_COLOR: "1" },
      }).output();
      assert.equal(code, 0, new TextDecoder().decode(stderr));
      const last = new TextDecoder().decode(stdout).trimEnd().split("\n").at(-1)!;
      if (command === "verify") assert.match(last, /^verified: /);
    }
    assert.deepEqual(ran, ["demo", "test", "dit", "sd", "verify"]);
    const made = [...Deno.readDirSync(folder)].map(({ name }) => name.replace(/-\d.*/, ""));
    assert.deepEqual(made.sort(), ["DiT", "DiT", "Flow", "SD", "SD", "SD-winit"]);
  }));

Deno.test("the README's program is examples/library.ts", async () => {
  const [program] = codeBlocks(await readPage("README.md"), "ts");
  const example = await Deno.readTextFile(join(ROOT, "examples/library.ts"));
  const [, code] = example.split(/(?<=^\/\/.*\n)\n/m);
  assert.equal(`${program}\n`.replace("./mod.ts", "../mod.ts"), code);
  assert.ok(program.split("\n").length <= 12);
});
