/**
 * Runs as functions, like the commands: they take typed settings, write a folder and return a typed
 * result. Needs the permissions of the commands: `--allow-ffi`, reading the model and the library,
 * and writing the output.
 *
 * - {@link sampleRun} samples, {@link planRun} estimates the time of every window.
 * - {@link resumeRun} resumes a stopped run, {@link verifyRun} compares a run with sequential
 *   sampling, {@link rerunRun} repeats one and compares every byte.
 * - {@link readRun} reads a finished run: its manifest, images, trajectories and rounds;
 *   {@link psnr} and {@link ssim} compare images.
 *
 * @example
 * ```ts
 * import { readRun, sampleRun } from "@parataa/parataa/runs";
 * import assert from "node:assert/strict";
 *
 * const outputPath = await Deno.makeTempDir();
 * const settings = { task: "dit", classLabels: ["heart"], numInferenceSteps: 10 } as const;
 * const { path } = await sampleRun("models/dit-emoji", { ...settings, outputPath });
 * const { manifest, samples: [sample] } = await readRun(path);
 * assert.equal(manifest.arguments.timesteps, 10);
 * assert.equal((await sample.rounds()).length, sample.record.rounds);
 * await Deno.remove(outputPath, { recursive: true });
 * ```
 * @module
 */
export * from "./pipelines.ts";
export { planRun } from "./src/jobs/plan_run.ts";
export { type Repetition, rerunRun, type RerunSettings } from "./src/jobs/rerun_run.ts";
export { resumeRun } from "./src/jobs/resume_run.ts";
export { sampleRun } from "./src/jobs/sample_run.ts";
export { type Verification, verifyRun, type VerifySettings } from "./src/jobs/verify_run.ts";
export type { RunFigures, RunResult } from "./src/jobs/run_result.ts";
export type {
  NoteEvent,
  RoundEvent,
  RunEvent,
  SampleEvent,
  StartEvent,
  VerifiedSampleEvent,
  WatchOptions,
} from "./src/jobs/progress.ts";
export type { BatchTime } from "./src/jobs/planning/batch_times.ts";
export type { Plan, WindowPlan } from "./src/jobs/planning/plan_window.ts";
export type { VerificationSummary } from "./src/jobs/verification.ts";
export type { Cost, VerifiedSample } from "./src/jobs/verified_sample.ts";
export type { MethodName } from "./src/arguments/methods.ts";
export type {
  DitSettings,
  FlowSettings,
  Overrides,
  PromptSettings,
  RunSettings,
  SdSettings,
  SdWinitSettings,
  SharedSettings,
  Task,
  TextSettings,
  WarmStartSettings,
} from "./src/arguments/settings.ts";
export type { Difference, FileComparison } from "./src/runs/compare_runs.ts";
export type { Host } from "./src/runs/host.ts";
export type { LatentDifference } from "./src/runs/latent_difference.ts";
export type { Manifest, RunStatus, SampleRecord } from "./src/runs/manifest.ts";
export type { RoundRow } from "./src/runs/rounds_file.ts";
export type { RunSample } from "./src/runs/run_sample.ts";
export type { Digest } from "./src/storage/hash.ts";
export { psnr, ssim } from "./src/images/image_metrics.ts";
export { readRun } from "./src/jobs/read_run.ts";
