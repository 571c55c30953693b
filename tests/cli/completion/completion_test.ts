import assert from "node:assert/strict";
import { join } from "node:path";
import { COMMANDS } from "../../../src/cli/commands/commands.ts";
import { completionScript } from "../../../src/cli/completion/completion.ts";
import { withTempFolder } from "../../support/temp_folder.ts";

const OWN = { completion: "print the completion for a shell", help: "print this" };

async function has(program: string): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(program, { args: ["--version"] }).output();
    return success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Runs `program` in a folder that holds a completion script, a file `a.json` and a folder `models`.
 */
async function inShell(program: string, code: string): Promise<string[]> {
  return await withTempFolder(async (folder) => {
    const script = await completionScript([program], { commands: COMMANDS, own: OWN });
    await Deno.writeTextFile(join(folder, "completion"), script);
    await Deno.writeTextFile(join(folder, "a.json"), "{}");
    await Deno.mkdir(join(folder, "models"));
    const command = new Deno.Command(program, { args: ["-c", code], cwd: folder });
    const { stdout, stderr } = await command.output();
    assert.equal(new TextDecoder().decode(stderr), "");
    return new TextDecoder().decode(stdout).trimEnd().split("\n");
  });
}

/** A line up to the cursor and what must be offered there. */
const CASES: [line: string, offered: string[]][] = [
  ["parataa sd", ["sd", "sd-winit"]],
  ["parataa comp", ["completion"]],
  ["parataa dit --memo", ["--memory_size"]],
  ["parataa dit --method fix", ["fixed_point"]],
  ["parataa dit --window_size ", ["auto"]],
  ["parataa verify sd-", ["sd-winit"]],
  ["parataa completion z", ["zsh"]],
  ["parataa help rer", ["rerun"]],
];

Deno.test("completionScript() completes commands, flags, words and paths in bash", {
  ignore: !await has("bash"),
}, async () => {
  const cases = [...CASES, ["parataa sd -m mod", ["models"]], ["parataa sd --args-from a", [
    "a.json",
  ]]] as const;
  const code = cases.map(([line]) => {
    const words = line.split(" ");
    return `COMP_WORDS=(${words.map((word) => `"${word}"`).join(" ")}); COMP_CWORD=${
      words.length - 1
    }; _parataa; echo "\${COMPREPLY[*]}"`;
  });
  const lines = await inShell("bash", ["source ./completion", ...code].join("\n"));
  assert.deepEqual(lines, cases.map(([, offered]) => offered.join(" ")));
});

Deno.test("completionScript() completes commands, flags and words in fish", {
  ignore: !await has("fish"),
}, async () => {
  const code = CASES.map(([line]) =>
    `echo (complete -C "${line}" | string replace -r '\\t.*' '' | string match -v -r /)`
  );
  const lines = await inShell("fish", ["source ./completion", ...code].join("\n"));
  assert.deepEqual(lines, CASES.map(([, offered]) => offered.join(" ")));
});

Deno.test("completionScript() gives zsh a script that it parses, with a case for every command", {
  ignore: !await has("zsh"),
}, async () => {
  await inShell("zsh", "zsh -n ./completion");
  const script = await completionScript(["zsh"], { commands: COMMANDS, own: OWN });
  for (const name of Object.keys(COMMANDS)) {
    assert.match(script, new RegExp(`^  ${name}\\) _arguments`, "m"));
  }
});
