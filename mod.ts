/** Public names of parataa, re-exported; nothing else lives here. @module */
export { ParataaError } from "./src/errors.ts";
export { ClipTokenizer, type ClipTokens } from "./src/models/clip_tokenizer.ts";
export type { Denoiser } from "./src/sampling/denoiser.ts";
export { Generator } from "./src/sampling/noise.ts";
export type { Round, SampleResult } from "./src/sampling/results.ts";
export { createSchedule, type Schedule, type ScheduleOptions } from "./src/sampling/schedule.ts";
export { type ScheduleKind, type SchedulerConfig } from "./src/sampling/scheduler_config.ts";
export { type SequentialOptions, sequentialSample } from "./src/sampling/sequential_sampler.ts";
