/**
 * Runs many sampling runs in one process. Every tenth prints its number, the resident memory and
 * the number of open descriptors as JSON. Arguments: a folder, the kind of the runs (complete,
 * failed, resumed), their number.
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { liveHandles } from "../../ffi/owned_pointer.ts";
import { NumericalError } from "../../src/errors.ts";
import { interruptAfter } from "./interrupt.ts";
import { runQuietly } from "./sampling.ts";
import { writeTinyDit } from "./tiny_dit.ts";

const [folder, kind, count] = Deno.args;
const out = join(folder, "out");
const args = ["-m", join(folder, "tiny-dit"), "-o", out, "--timesteps=8", "--num_samples=1"];
args.push("--threads=1");

// deno-lint-ignore house/unsafe-address -- nothing but this measurement needs it
const { symbols: libc } = Deno.dlopen("libc.so.6", {
  malloc_trim: { parameters: ["usize"], result: "i32" },
});

async function once(): Promise<void> {
  if (kind === "failed") await assert.rejects(runQuietly("dit", args), NumericalError);
  else if (kind === "complete") await runQuietly("dit", args);
  else {
    await interruptAfter(1, (signal) => runQuietly("dit", args, signal));
    for (const { name } of Deno.readDirSync(out)) {
      await runQuietly("dit", ["--resume", join(out, name)]);
    }
  }
  await Deno.remove(out, { recursive: true });
}

if (import.meta.main) {
  await writeTinyDit(folder, kind === "failed" ? { nanAt: 0 } : {});
  for (let run = 1; run <= Number(count); run++) {
    await once();
    if (run % 10 > 0) continue;
    for (let i = 0; i < 2; i++) (globalThis as unknown as { gc(): void }).gc();
    await new Promise((resolve) => setTimeout(resolve, 5));
    // Memory that malloc keeps for reuse is not in use, and depends on the machine's load.
    libc.malloc_trim(0n);
    const kilobytes = Math.round(Deno.memoryUsage().rss / 1024);
    const descriptors = [...Deno.readDirSync("/proc/self/fd")].length;
    console.log(JSON.stringify({ run, kilobytes, descriptors }));
  }
  const alive = Object.entries(liveHandles()).filter(([, number]) => number !== 0);
  assert.deepEqual(alive, []);
}
