/**
 * Measures the cost of a round outside the network, by window: whole chains of 100 steps of
 * 4×64×64, ParaTAA with memory 3 and TQN with the preset `fast`. `--base DIR` also measures the
 * code of another checkout, such as a git worktree of an earlier commit.
 *
 * The cost is the processor time of a chain without that of its denoiser, a formula. It includes
 * the solver, its memory (with page faults), and the arrays for the caller. Each process runs one
 * solver in one window, as in use: what V8 makes of a loop depends on all that ran before. The
 * solvers take turns, so that they run under the same load.
 * @module
 */
import process from "node:process";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type * as own from "../../sampling.ts";
import { predictTwoPoints } from "./devices/two_points.ts";
import { type BenchRow, median, printTable } from "./table.ts";

type Sampling = Pick<typeof own, "createSchedule" | "parallelSample" | "TorchGenerator">;

const THIS_CODE = fileURLToPath(new URL("../..", import.meta.url));
const STEPS = 100, ROW = 4 * 64 * 64, WINDOWS = [8, 16, 50, STEPS];
/** Processes of every kind of chain, and chains of a process. */
const TURNS = 3, RUNS = 10, WARM_RUNS = 3;

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
export async function benchRound(base?: string): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const window of WINDOWS) {
    const kinds = Object.keys(SOLVERS).flatMap((solver) =>
      [THIS_CODE, ...(base ? [base] : [])].map((code) => ({ code, solver, window }))
    );
    const group: Measured[] = [];
    for (const kind of kinds) group.push(await measure(kind));
    for (let turn = 1; turn < TURNS; turn++) {
      for (const all of group) all.times.push(...(await measure(all)).times);
    }
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

/** Measures chains in a process of their own. */
async function measure({ code, solver, window }: Kind): Promise<Measured> {
  const kind = JSON.stringify({ code, solver, window });
  const args = ["run", "--allow-all", "--no-check", fileURLToPath(import.meta.url), "--kind", kind];
  const { stdout, success } = await new Deno.Command(Deno.execPath(), { args, stderr: "inherit" })
    .output();
  if (!success) throw new Error(`the chains of ${kind} failed`);
  return JSON.parse(new TextDecoder().decode(stdout));
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

function argument(flag: string): string | undefined {
  const at = Deno.args.indexOf(flag);
  return at < 0 ? undefined : Deno.args[at + 1];
}

if (import.meta.main) {
  const kind = argument("--kind");
  if (kind) console.log(JSON.stringify(await runChains(JSON.parse(kind))));
  else printTable(await benchRound(argument("--base")));
}
