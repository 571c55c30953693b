// Samples an image of a class, all steps of the chain at once.
//
//   deno run -A examples/library.ts [FILE.png]

import { DitPipeline, encodePng, Environment, solve, TorchGenerator } from "../mod.ts";

using env = Environment.open();
await using pipeline = await DitPipeline.open(env, "models/dit-emoji");
const schedule = pipeline.createSchedule({ numInferenceSteps: 50 });
const denoiser = pipeline.createDenoiser(6, { schedule, guidanceScale: 4 });
const noise = new TorchGenerator(0).randn(51 * denoiser.rowSize);
const { sample, rounds, nfe } = await solve(denoiser, { schedule, noise });
const file = Deno.args[0] ?? "output/library.png";
await Deno.writeFile(file, encodePng(await pipeline.decode(sample)));
console.log(`${file}: ${rounds} rounds, ${nfe} evaluations, in place of 50 steps`);
