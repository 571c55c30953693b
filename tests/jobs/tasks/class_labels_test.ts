import assert from "node:assert/strict";
import { inspectFolder } from "../../../src/diagnostics/inspect/folder_report.ts";
import { UsageError } from "../../../src/errors.ts";
import { parseClassLabels } from "../../../src/jobs/tasks/class_labels.ts";
import { asFlag } from "../../../src/arguments/setting_names.ts";
import { runSampling } from "../../../src/cli/commands/sampling_command.ts";
import { gatherOutput } from "../../support/gathered_output.ts";
import { withTempFolder } from "../../support/temp_folder.ts";
import { writeTinyDit } from "../../support/tiny_dit.ts";

/** As ImageNet names them: crane is a bird and a machine, and a maillot may be a tank suit. */
const CLASSES = [
  ["great white shark", "white shark", "man-eater"],
  ["crane"],
  ["crane", "tower crane"],
  ["maillot"],
  ["maillot", "tank suit"],
  ["horse or leopard", "horse", "unicorn"],
  ["heart", "red heart"],
  ["cowboy hat"],
];

const TAKEN: [text: string, labels: number[], notes: RegExp[]][] = [
  ["0, heart,7", [0, 6, 7], []],
  ["HEART,heart", [6, 6], []],
  ["5,5", [5, 5], []],
  ["great white shark, white shark", [0], [/white shark" is one class, 0 \(great white shark\)/]],
  ["great white shark,white shark,man-eater,heart", [0, 6], [/man-eater" is one class, 0/]],
  ["maillot, tank suit", [4], [/"maillot, tank suit" is one class, 4 \(maillot\)/]],
  ["tower crane", [2], [/"tower crane" is class 2 \(crane\)/]],
  ["unicorn,horse or leopard,heart", [5, 6], [/is one class, 5/]],
  ["unicorn,heart,unicorn", [5, 6, 5], [/"unicorn" is class 5 \(horse or leopard\)/, /"unicorn"/]],
];
for (const [text, labels, notes] of TAKEN) {
  Deno.test(`parseClassLabels() accepts ${text}`, () => {
    const found = parseClassLabels(text, CLASSES);
    assert.deepEqual(found.labels, labels);
    assert.equal(found.notes.length, notes.length, found.notes.join("\n"));
    for (const [index, note] of notes.entries()) assert.match(found.notes[index], note);
  });
}

const REFUSED: [text: string, message: RegExp, hint: RegExp][] = [
  ["crane", /"crane", which is class 1 \(crane\) and class 2 \(crane, tower crane\)/, /1 or 2$/],
  ["maillot,crane", /"maillot", which is class 3/, /give the number: 3 or 4$/],
  ["8", /has "8", wanted a number from 0 to 7/, /^--list_classes prints them all$/],
  ["hart", /has "hart"/, /^near: heart, /],
  ["unicron", /has "unicron"/, /^near: unicorn;/],
  ["a shark", /has "a shark"/, /^near: great white shark, white shark;/],
  ["zebra", /has "zebra"/, /^--list_classes/],
  ["", /has ""/, /^--list_classes/],
];
for (const [text, message, hint] of REFUSED) {
  Deno.test(`parseClassLabels() refuses ${text || "an empty label"}`, () => {
    assert.throws(() => parseClassLabels(text, CLASSES), (error: Error) => {
      assert.ok(error instanceof UsageError, String(error));
      error.respell(asFlag);
      assert.match(error.message, message);
      assert.match(error.hint ?? "", hint);
      return true;
    });
  });
}

Deno.test("--list_classes prints number and names of every class without opening a library", () =>
  withTempFolder(async (folder) => {
    const model = await writeTinyDit(folder, { classes: 3 });
    const signal = new AbortController().signal;
    const list = async (...args: string[]) => {
      const line = ["-m", model, "--list_classes", "--ort_lib=/nowhere/libnone.so", ...args];
      return (await gatherOutput(() => runSampling("dit", line, { signal }))).printed;
    };
    assert.deepEqual(await list(), [
      "0  class a, 0 of ours",
      "1  class b, 1 of ours",
      "2  class c, 2 of ours",
    ]);
    const { facts } = await inspectFolder(model, { tensors: false, hash: false, signal });
    assert.equal(facts.classes, "3: 0 class a, 1 class b, 2 class c");
    const { classes } = JSON.parse((await list("--json"))[0]);
    assert.equal(classes.length, 3);
    assert.deepEqual(classes[1], { class: 1, names: ["class b", "1 of ours"] });
  }));
