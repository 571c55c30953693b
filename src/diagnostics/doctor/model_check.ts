/** Checks a model: compares rows evaluated together with single rows, and times batches. @module */
import { quoteWord } from "../../text.ts";
import { ModelError } from "../../errors.ts";
import { ModelFolder } from "../../models/model_folder.ts";
import { DitPipeline } from "../../pipelines/dit_pipeline.ts";
import { FlowPipeline } from "../../pipelines/flow_pipeline.ts";
import type { PipelineOptions } from "../../pipelines/latent_pipeline.ts";
import { StableDiffusionPipeline } from "../../pipelines/stable_diffusion_pipeline.ts";
import type { Environment } from "../../runtime/environment.ts";
import type { Denoiser } from "../../sampling/denoiser.ts";
import { TorchGenerator } from "../../sampling/noise.ts";
import { measureBatchTimes } from "../../jobs/planning/batch_times.ts";
import { attempt, type Check } from "./check.ts";

/** Steps of the tested schedule; also the largest batch. */
const STEPS = 8;
/**
 * Maximum relative RMS difference between a row in a batch and the same row alone. float16 rounds
 * to about 1e-3; a wrong row differs by about 1.
 */
const MAX_APART = 0.02;
const BUDGET_SECONDS = 10;

/** The model to check. */
export interface ModelChoice {
  path: string;
  options: PipelineOptions;
  signal: AbortSignal;
}

/**
 * Opens the model, compares rows and times batches. Later checks are skipped if the model cannot be
 * opened.
 */
export async function checkModel(env: Environment, choice: ModelChoice): Promise<Check[]> {
  await using stack = new AsyncDisposableStack();
  const checks: Check[] = [];
  let opened: { denoiser: Denoiser; batchWide: readonly string[] } | undefined;
  checks.push(
    await attempt("model", async () => {
      const { pipeline, createDenoiser } = await open(env, choice);
      stack.use(pipeline);
      opened = { denoiser: await createDenoiser(), batchWide: pipeline.batchWide };
      const [channels, height, width] = pipeline.latentShape;
      const text = [
        `${pipeline.folder.name}, latents ${channels}x${height}x${width}`,
        ...pipeline.notes,
      ];
      return {
        name: "model",
        state: "ok",
        text: text.join("\n"),
        data: { latent: pipeline.latentShape, notes: pipeline.notes },
      };
    }, {
      hint: `\`deno task inspect ${quoteWord(choice.path)}\` lists the contents of the folder`,
    }),
  );
  if (!opened) return checks;
  const { denoiser, batchWide } = opened;
  checks.push(await attempt("rows", () => compareRows(denoiser, choice, batchWide)));
  checks.push(await attempt("time", () => timeBatches(denoiser, choice)));
  return checks;
}

async function open(env: Environment, { path, options }: ModelChoice) {
  const { kind } = await ModelFolder.open(path, { networks: [] });
  const steps = { numInferenceSteps: STEPS, eta: 0 };
  if (kind !== "stable-diffusion") {
    const { open } = kind === "dit" ? DitPipeline : FlowPipeline;
    const pipeline = await open(env, path, options);
    const schedule = pipeline.createSchedule(steps);
    const createDenoiser = () => pipeline.createDenoiser(0, { schedule, guidanceScale: 1 });
    return { pipeline, createDenoiser };
  }
  const pipeline = await StableDiffusionPipeline.open(env, path, options);
  const schedule = pipeline.createSchedule(steps);
  const createDenoiser = async () => {
    const [prompt, negativePrompt] = [
      await pipeline.encodePrompt("a cat"),
      await pipeline.encodePrompt(""),
    ];
    return pipeline.createDenoiser({ prompt, negativePrompt }, { schedule, guidanceScale: 1 });
  };
  return { pipeline, createDenoiser };
}

/** Evaluates two rows with different latents and timesteps, together and alone. */
async function compareRows(
  denoiser: Denoiser,
  { path, signal }: ModelChoice,
  batchWide: readonly string[],
): Promise<Check> {
  const { rowSize } = denoiser;
  const latents = new TorchGenerator(0).randn(2 * rowSize);
  const steps = Int32Array.of(1, STEPS - 1);
  const run = async (from: number, to: number) => {
    const out = new Float64Array((to - from) * rowSize);
    await denoiser.predictNoise(
      latents.subarray(from * rowSize, to * rowSize),
      steps.subarray(from, to),
      out,
      signal,
    );
    return out;
  };
  const together = await run(0, 2);
  const alone = [await run(0, 1), await run(1, 2)];
  const apart = alone.map((row, i) =>
    distance(together.subarray(i * rowSize, (i + 1) * rowSize), row)
  );
  const worst = Math.max(...apart.map((value) => Number.isNaN(value) ? Infinity : value));
  const pair = batchWide.length > 0
    ? `every row is evaluated alone, for ${batchWide.join(", ")}: two rows`
    : "two rows in a batch";
  const text = `${pair} are ${
    apart.map((value) => value.toExponential(1)).join(" and ")
  } from each alone (relative RMS)`;
  if (worst <= MAX_APART) return { name: "rows", state: "ok", text, data: { apart } };
  throw new ModelError(`${path}: ${text}, wanted at most ${MAX_APART}`, {
    hint:
      "its export supports only one row per call: sample with --batch_size 1, or export it again",
  });
}

function distance(a: Float64Array, b: Float64Array): number {
  let difference = 0;
  let square = 0;
  for (let i = 0; i < a.length; i++) {
    difference += (a[i] - b[i]) ** 2;
    square += b[i] ** 2;
  }
  return Math.sqrt(difference / square);
}

async function timeBatches(denoiser: Denoiser, { signal }: ModelChoice): Promise<Check> {
  const times = await measureBatchTimes(denoiser, {
    numSteps: STEPS,
    signal,
    budgetSeconds: BUDGET_SECONDS,
  });
  const lines = times.map(({ steps, seconds }) =>
    `${steps} ${steps === 1 ? "row" : "rows"} in ${(seconds * 1000).toFixed(1)} ms, ${
      (seconds * 1000 / steps).toFixed(1)
    } ms each`
  );
  return { name: "time", state: "ok", text: lines.join("\n"), data: times };
}
