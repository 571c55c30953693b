/**
 * Measures the cost of a round outside the network, by window: whole chains of 100 steps of
 * 4×64×64, ParaTAA with memory 3 and TQN with the preset `fast`. `--base DIR` also measures the
 * code of another checkout, such as a git worktree of an earlier commit.
 *
 * The cost is the processor time of a chain without that of its denoiser, a formula. It includes
 * the solver, its memory (with page faults), and the arrays for the caller. Each process runs one
 * solver in one window, as in use.
 * @module
 */
import process from "node:process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type * as own from "../../sampling.ts";
import { predictTwoPoints } from "./devices/two_points.ts";
import { type BenchRow, median, printTable } from "./table.ts";
import { answerKind, checkouts, takeTurns, THIS_CODE } from "./turns.ts";

type Sampling = Pick<typeof own, "createSchedule" | "parallelSample" | "TorchGenerator">;

const STEPS = 100, ROW = 4 * 64 * 64, WINDOWS = [8, 16, 50, STEPS];
const RUNS = 10, WARM_RUNS = 3;

const SOLVERS: Record<string, Partial<own.SampleOptions>> = {
  "ParaTAA, memory 3": { method: "parataa", memorySize: 3 },
  "TQN": { method: "tqn", preset: "fast" },
};

/** A kind of chain: the solver of the checkout in folder `code`. */
interface Kind {
  code: string;
  solver: string;
  window: number;
}

/** What a process measures. */
interface Measured extends Kind {
  /** Milliseconds of a round, of every run. */
  times: number[];
  rounds: number;
  evaluations: number;
}

/** Measures this code, and that of a checkout beside it. */
export async function benchRound(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const window of WINDOWS) {
    const kinds = Object.keys(SOLVERS).flatMap((solver) =>
      checkouts().map((code): Kind => ({ code, solver, window }))
    );
    const group = (await takeTurns<Measured>(import.meta.url, kinds)).map((turns) => {
      return { ...turns[0], times: turns.flatMap(({ times }) => times) };
    });
    rows.push(...group.map((measured) => benchRow(measured, group)));
  }
  return rows;
}

function benchRow(measured: Measured, group: readonly Measured[]): BenchRow {
  const { code, solver, window, times, rounds, evaluations } = measured;
  const time = median(times), perStep = time * rounds / evaluations;
  const over = group
    .filter((other) => other !== measured && (other.solver === solver || other.code === code))
    .map((other) => `${(time / median(other.times)).toFixed(2)} of ${name(other)}`);
  const notes = [`${perStep.toFixed(3)} ms a step in ${rounds} rounds`, ...over];
  return {
    group: `own time of a round, T ${STEPS}, 4×64×64, window ${window}`,
    name: name({ code, solver }),
    value: time,
    unit: "ms",
    note: notes.join("; "),
  };
}

function name({ code, solver }: Pick<Measured, "code" | "solver">): string {
  return code === THIS_CODE ? solver : `${solver} of ${code}`;
}

async function runChains(kind: Kind): Promise<Measured> {
  const sampling: Sampling = await import(pathToFileURL(join(kind.code, "sampling.ts")).href);
  const measured: Measured = { ...kind, times: [], rounds: 0, evaluations: 0 };
  for (let run = 0; run < WARM_RUNS + RUNS; run++) {
    const time = await chain(sampling, measured);
    if (run >= WARM_RUNS) measured.times.push(time / measured.rounds);
  }
  return measured;
}

/** Solves one chain; returns the milliseconds outside its denoiser. */
async function chain(sampling: Sampling, measured: Measured): Promise<number> {
  const schedule = sampling.createSchedule({ kind: "stable-diffusion", numInferenceSteps: STEPS });
  const noise = new sampling.TorchGenerator(0).randn((STEPS + 1) * ROW);
  let inside = 0;
  const denoiser: own.Denoiser = {
    rowSize: ROW,
    predictNoise(latents, steps, out) {
      const start = milliseconds();
      steps.forEach((t, i) => {
        const [from, to] = [i * ROW, (i + 1) * ROW];
        const alpha = schedule.alphasCumprod[t];
        predictTwoPoints(latents.subarray(from, to), alpha, out.subarray(from, to));
      });
      inside += milliseconds() - start;
      return Promise.resolve();
    },
  };
  const start = milliseconds();
  const options = { ...SOLVERS[measured.solver], schedule, noise, windowSize: measured.window };
  const rounds = sampling.parallelSample(denoiser, options);
  let next = await rounds.next();
  while (!next.done) next = await rounds.next();
  const time = milliseconds() - start - inside;
  measured.rounds = next.value.rounds;
  measured.evaluations = next.value.nfe;
  return time;
}

/** Processor time of this process so far. */
function milliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

if (import.meta.main && !await answerKind(runChains)) printTable(await benchRound());
