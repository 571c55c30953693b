/** Reads a sample that was finished before the run was resumed. @module */
import { join } from "node:path";
import type { SampleRecord } from "../../runs/manifest.ts";
import { readImage } from "../../images/read_image.ts";
import { readTrajectory } from "../../runs/trajectory_file.ts";
import type { Job, Outcome } from "./job.ts";
import { folderOf, type SampleContext } from "./sample_context.ts";

/** Reads the trajectory and the final image. Their hashes were checked when the run was resumed. */
export async function readOutcome(
  job: Job,
  record: SampleRecord,
  context: SampleContext,
): Promise<Outcome> {
  const { run, pipeline, schedule, identity } = context;
  const folder = join(run.path, folderOf(job));
  const file = join(folder, "trajectory.safetensors");
  const { trajectory } = readTrajectory(await Deno.readFile(file), {
    file,
    shape: [schedule.numSteps + 1, ...pipeline.latentShape],
    metadata: identity,
  });
  const { rounds, nfe, converged, trusted = converged, doubt } = record;
  const last = join(folder, `step_${rounds}.png`);
  const image = await readImage(await Deno.readFile(last), { file: last });
  const sample = trajectory.slice(0, trajectory.length / (schedule.numSteps + 1));
  const result = {
    sample,
    trajectory,
    rounds,
    nfe,
    converged,
    trusted,
    ...(doubt ? { doubt } : {}),
  };
  return { result, record, image };
}
