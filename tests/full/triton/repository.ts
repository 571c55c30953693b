/** Model repositories of the tests, by `convert triton` and for Triton's Python backend. @module */
import { join } from "node:path";
import { writeTritonRepository } from "../../../src/convert/triton/triton_repository.ts";

const read = (name: string) => Deno.readTextFileSync(new URL(name, import.meta.url));

/** What a test changes in `config.pbtxt`. */
export interface Changes {
  /** Rows of a call at most. */
  maxRows?: number;
  /** Calls that wait at most. */
  queue?: number;
  /** Seconds that every call waits. */
  wait?: number;
}

/** Converts a model, for the Python backend on the CPU. @returns its name */
export async function addModel(
  repository: string,
  model: string,
  { maxRows, queue, wait = 0 }: Changes = {},
): Promise<string> {
  const { signal } = new AbortController();
  const { name } = await writeTritonRepository({ model, repository, fp16: false, signal });
  const file = join(repository, name, "config.pbtxt");
  let config = (await Deno.readTextFile(file)).replace('"onnxruntime"', '"python"');
  if (maxRows) config = config.replace(/max_batch_size: \d+/, `max_batch_size: ${maxRows}`);
  if (queue) config = config.replace(/max_queue_size: \d+/, `max_queue_size: ${queue}`);
  config += `instance_group [ { kind: KIND_CPU count: 1 } ]\n` +
    `parameters { key: "wait" value: { string_value: "${wait}" } }\n`;
  await Deno.writeTextFile(file, config);
  await Deno.writeTextFile(join(repository, name, "1/model.py"), read("model.py"));
  return name;
}

/** Adds `halves`, which halves latents of Stable Diffusion's size. */
export async function addHalves(repository: string): Promise<void> {
  await Deno.mkdir(join(repository, "halves/1"), { recursive: true });
  await Deno.writeTextFile(join(repository, "halves/1/model.py"), read("halves.py"));
  await Deno.writeTextFile(
    join(repository, "halves/config.pbtxt"),
    `backend: "python"
max_batch_size: 256
input [
  { name: "sample" data_type: TYPE_FP32 dims: [ 4, 64, 64 ] },
  { name: "timestep" data_type: TYPE_INT64 dims: [ 1 ] reshape: { shape: [ ] } },
  { name: "class_labels" data_type: TYPE_INT64 dims: [ 1 ] reshape: { shape: [ ] } }
]
output [ { name: "out_sample" data_type: TYPE_FP32 dims: [ 4, 64, 64 ] } ]
instance_group [ { kind: KIND_CPU count: 1 } ]
`,
  );
}
