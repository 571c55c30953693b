/**
 * Measures how long the log of a sample holds up a round of eight steps of 4×64×64: its work on the
 * solver's thread, while devices compute meanwhile. `--base DIR` also measures the code of another
 * checkout.
 * @module
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type * as logs from "../../src/runs/round_log.ts";
import { type BenchRow, median, printTable } from "./table.ts";
import { answerKind, checkouts, takeTurns, THIS_CODE } from "./turns.ts";

const STEPS = 8, ROW = 4 * 64 * 64, ROUNDS = 30, WARM_ROUNDS = 5;
/** Milliseconds in which a round of devices would let the log finish. */
const PAUSE = 20;

/** Measures this code, and that of a checkout beside it. */
export async function benchLog(): Promise<BenchRow[]> {
  const codes = checkouts();
  const values = (await takeTurns<number>(import.meta.url, codes)).map(median);
  return codes.map((code, i) => ({
    group: `the log of a round of ${STEPS} steps of 4×64×64, on the solver's thread`,
    name: code === THIS_CODE ? "this code" : code,
    value: values[i],
    unit: "ms",
    note: i === 0 && values.length > 1 ? `${(values[0] / values[1]).toFixed(2)} of base` : "",
  }));
}

/** Median milliseconds of a round of a denoiser that takes no time, with a log. */
async function measure(code: string): Promise<number> {
  const { RoundLog }: typeof logs = await import(
    pathToFileURL(join(code, "src/runs/round_log.ts")).href
  );
  const folder = await Deno.makeTempDir(), times: number[] = [];
  try {
    await using log = await RoundLog.open(join(folder, "log"), "bench");
    const denoiser = log.around({ rowSize: ROW, predictNoise: () => Promise.resolve() });
    const latents = new Float64Array(STEPS * ROW).fill(0.3), out = latents.slice();
    const steps = Int32Array.from({ length: STEPS }, (_, i) => i);
    for (let round = 0; round < WARM_ROUNDS + ROUNDS; round++) {
      const before = performance.now();
      await denoiser.predictNoise(latents, steps, out);
      if (round >= WARM_ROUNDS) times.push(performance.now() - before);
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
    await log.flush();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return median(times);
}

if (import.meta.main && !await answerKind(measure)) printTable(await benchLog());
