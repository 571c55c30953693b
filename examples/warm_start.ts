// Samples a prompt from the trajectory of another prompt (warm start). The noise and the first 20
// of 50 steps are kept, so the image keeps its composition.
//
//   deno run -A examples/warm_start.ts [FOLDER]

import { encodePng, Environment, solve, StableDiffusionPipeline, TorchGenerator } from "../mod.ts";

const folder = Deno.args[0] ?? "output";
using env = Environment.open();
await using pipeline = await StableDiffusionPipeline.open(env, "models/sd-emoji");
const schedule = pipeline.createSchedule({ numInferenceSteps: 50 });
const negativePrompt = await pipeline.encodePrompt("");

async function denoiserOf(text: string) {
  const prompt = await pipeline.encodePrompt(text);
  return pipeline.createDenoiser({ prompt, negativePrompt }, { schedule, guidanceScale: 4 });
}

const dog = await denoiserOf("a cute dog"), cat = await denoiserOf("a cute cat");
const noise = new TorchGenerator(0).randn(51 * dog.rowSize);
const first = await solve(dog, { schedule, noise });
const warm = { initialTrajectory: first.trajectory, variationSteps: 30 };
const second = await solve(cat, { schedule, noise, ...warm });
const scratch = await solve(cat, { schedule, noise });

for (const [name, { sample }] of Object.entries({ dog: first, cat: second })) {
  await Deno.writeFile(`${folder}/${name}.png`, encodePng(await pipeline.decode(sample)));
}
console.log(`from the dog: ${second.rounds} rounds, ${second.nfe} evaluations`);
console.log(`from scratch: ${scratch.rounds} rounds, ${scratch.nfe} evaluations`);
