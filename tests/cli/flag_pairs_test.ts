import assert from "node:assert/strict";
import { TASK_NAMES, TASKS } from "../../src/arguments/tasks.ts";
import { runSampling } from "../../src/cli/commands/sampling_command.ts";
import { flagPairs, runPairs } from "../support/flag_pairs.ts";

/**
 * No folder is there, so that a pair that is allowed ends with exit code 3, where the model would
 * be opened.
 */
const TEXTS = { model_path: ["nosuch"], vae_path: ["nosuch"], output_path: ["nosuch"] };

Deno.test("runSampling() accepts or refuses every pair of flags at its limits before opening a model", async () => {
  const { signal } = new AbortController();
  const tried: string[] = [];
  for (const name of TASK_NAMES) {
    const { flags } = TASKS[name];
    // Every 29th pair: tests/full/flag_pairs.ts takes all, with a model.
    const pairs = [...flagPairs(flags, TEXTS)].filter((_, i) => i % 29 === 0);
    const base = ["--model_path=nosuch", "--provider=cpu"];
    const start = (args: readonly string[]) =>
      runSampling(name, [
        ...base.filter((arg) => !args.some((own) => own.startsWith(arg.split("=")[0]))),
        ...args,
      ], { signal });
    const { counts, surprises } = await runPairs(pairs, start, new Set([0, 2, 3, 7]));
    assert.deepEqual(surprises, [], name);
    tried.push(`${name} ${JSON.stringify(counts)}`);
    assert.ok(counts[2] > 10 && counts[3] > 10, tried.join());
  }
});
