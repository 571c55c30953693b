import assert from "node:assert/strict";
import { runSampling } from "../../../src/cli/commands/sampling_command.ts";
import { syntaxNote } from "../../../src/jobs/tasks/prompt_syntax.ts";
import { gatherOutput } from "../../support/gathered_output.ts";
import { withTempFolder } from "../../support/temp_folder.ts";

const NOTED: [prompt: string, named: string][] = [
  ["a (dog:1.3) on grass", '"(dog:1.3)"'],
  ["(a dog: .5)", '"(a dog: .5)"'],
  ["(dog:-1)", '"(dog:-1)"'],
  ["a ((cute)) dog", '"((cute))"'],
  ["a [dog]", '"[dog]"'],
  ["[dog:cat:0.5] and [cow|horse]", '"[dog:cat:0.5]"'],
  ["dog <lora:pixel-art:0.8>", '"<lora:pixel-art:0.8>"'],
  ["dog <LoRA:x>", '"<LoRA:x>"'],
  ["a dog BREAK a cat", '"BREAK"'],
  ["__animal__ on grass", '"__animal__"'],
  ["{dog|cat} on grass", '"{dog|cat}"'],
  ["BREAK ((x)) (dog:1.2) {a|b}", '"(dog:1.2)", "((x))", "BREAK"'],
];
for (const [prompt, named] of NOTED) {
  Deno.test(`syntaxNote() names the unsupported syntax in ${prompt}`, () => {
    const note = syntaxNote(prompt);
    assert.ok(note?.startsWith(`the prompt has ${named}, taken as plain text: `), note);
  });
}

const PLAIN = [
  "",
  "a cute dog (oil on canvas), 16:9",
  "a <cat-toy> on grass: 3 of 4 :)",
  "the BREAKFAST of a lazy_dog_",
  "a dog at 12:30 (noon)",
  "f(x) = {1, 2}",
];
for (const prompt of PLAIN) {
  Deno.test(`syntaxNote() returns no note for ${prompt || "an empty prompt"}`, () => {
    assert.equal(syntaxNote(prompt), undefined);
  });
}

Deno.test("parallel_sd notes the syntax of web UIs once, and shortens a truncated prompt", () =>
  withTempFolder(async (folder) => {
    const file = `${folder}/prompts.txt`;
    const long = `((long)) ${"cat dog ".repeat(1000)}`;
    await Deno.writeTextFile(file, `(cat:1.3)\n[dog]\n${long}\n`);
    const args = ["-m", "tests/fixtures/layouts/plain", "--prompts_file", file, "-o", folder];
    const { told } = await gatherOutput(() =>
      runSampling("sd", [...args, "--timesteps=2"], { signal: new AbortController().signal })
    );
    assert.equal(told.split("taken as plain text").length, 2, told);
    assert.match(told, /^the prompt is too long, this part was cut: "(cat|dog) .*…"$/m);
    for (const line of told.split("\n")) assert.ok(line.length < 200, line);
  }));
