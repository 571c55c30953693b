/**
 * A model folder of a few kilobytes that behaves like a DiT: noise depends on latent, timestep and
 * class.
 * @module
 */
import { join } from "node:path";
import type { ElementTypeName } from "../../ffi/ort_enums.ts";
import { type NodeSpec, onnxModel, type TensorSpec, type ValueSpec } from "./onnx_builder.ts";

/** What to make different from a sound model. */
export interface TinyDitOptions {
  /** Frozen batch; dynamic by default. */
  batch?: number;
  /** Shape of the timestep input; `[batch]` by default. */
  timestep?: readonly (number | string)[];
  timestepType?: ElementTypeName;
  channels?: number;
  /** Name of the latent input. */
  sampleName?: string;
  /** NaN in every row at this model timestep. */
  nanAt?: number;
  /** An operator that no runtime knows. */
  unknownOperator?: boolean;
  classes?: number;
  /** Every row gets the timestep of the first one, as in exports that lost their batch. */
  firstRowOnly?: boolean;
  /** Factor of the latent inside the network; 0.7 by default. */
  latentScale?: number;
  /** Factor of the decoder's weights. */
  decoderScale?: number;
  scheduler?: Record<string, unknown>;
  /** Quantise by the range of the whole batch, as dynamic quantisation does. */
  quantised?: boolean;
}

const SIZE = 4;

function constant(name: string, dims: readonly number[], values: readonly number[]): TensorSpec {
  return { name, type: "float32", dims, values: Float32Array.from(values) };
}

/** 256 levels between the least and the greatest element of all rows. */
const QUANTISED: readonly NodeSpec[] = [
  { op: "DynamicQuantizeLinear", inputs: ["clean"], outputs: ["q", "q_scale", "q_zero"] },
  { op: "DequantizeLinear", inputs: ["q", "q_scale", "q_zero"], outputs: ["coarse"] },
];

/**
 * out = concat(tanh(0.7·sample + t/1000 + 0.1·class), sample) over `[batch, channels, 4, 4]`: twice
 * the channels, as with learned sigmas. NaN comes from 0/(t − nanAt).
 */
export function tinyDitModel(options: TinyDitOptions = {}): Uint8Array<ArrayBuffer> {
  const { channels = 4, sampleName = "sample", timestepType = "int64", nanAt } = options;
  const batch = options.batch ?? "batch";
  const timestep = options.timestep ?? [batch];
  const latent = (name: string, c: number): ValueSpec => ({
    name,
    type: "float32",
    shape: [batch, c, SIZE, SIZE],
  });
  const row = (name: string): NodeSpec[] => [
    { op: "Cast", inputs: [name], outputs: [`${name}_f`], attributes: { to: { int: 1 } } },
    { op: "Reshape", inputs: [`${name}_f`, "rows"], outputs: [`${name}_r`] },
  ];
  const nan: NodeSpec[] = nanAt === undefined
    ? [{ op: "Identity", inputs: ["sum2"], outputs: ["clean"] }]
    : [
      { op: "Sub", inputs: ["timestep_r", "nan_at"], outputs: ["apart"] },
      { op: "Div", inputs: ["zero", "apart"], outputs: ["nan"] },
      { op: "Add", inputs: ["sum2", "nan"], outputs: ["clean"] },
    ];
  return onnxModel({
    inputs: [
      latent(sampleName, channels),
      { name: "timestep", type: timestepType, shape: timestep },
      { name: "class_labels", type: "int64", shape: [batch] },
    ],
    outputs: [latent("out_sample", 2 * channels)],
    initializers: [
      { name: "rows", type: "int64", dims: [4], values: BigInt64Array.of(-1n, 1n, 1n, 1n) },
      constant("scale", [], [options.latentScale ?? 0.7]),
      constant("per_step", [], [1e-3]),
      constant("per_class", [], [0.1]),
      constant("zero", [], [0]),
      constant("nan_at", [], [nanAt ?? 0]),
      { name: "first", type: "int64", dims: [1], values: BigInt64Array.of(0n) },
      { name: "second", type: "int64", dims: [1], values: BigInt64Array.of(1n) },
    ],
    nodes: [
      ...row("timestep"),
      ...row("class_labels"),
      { op: "Mul", inputs: [sampleName, "scale"], outputs: ["scaled"] },
      { op: "Slice", inputs: ["timestep_r", "first", "second", "first"], outputs: ["shared"] },
      {
        op: "Mul",
        inputs: [options.firstRowOnly ? "shared" : "timestep_r", "per_step"],
        outputs: ["t"],
      },
      { op: "Mul", inputs: ["class_labels_r", "per_class"], outputs: ["y"] },
      { op: "Add", inputs: ["scaled", "t"], outputs: ["sum1"] },
      { op: "Add", inputs: ["sum1", "y"], outputs: ["sum2"] },
      ...nan,
      ...options.quantised ? QUANTISED : [],
      {
        op: options.unknownOperator ? "NoSuchOperator" : "Tanh",
        inputs: [options.quantised ? "coarse" : "clean"],
        outputs: ["noise"],
      },
      {
        op: "Concat",
        inputs: ["noise", sampleName],
        outputs: ["out_sample"],
        attributes: { axis: { int: 1 } },
      },
    ],
  });
}

/** A decoder of three channels: differences of neighbouring latent channels. */
export function tinyDecoderModel(channels = 4, scale = 1): Uint8Array<ArrayBuffer> {
  const weights = Array.from({ length: 3 * channels }, (_, i) => {
    const [out, from] = [Math.floor(i / channels), i % channels];
    return scale * (from === out ? 0.5 : from === out + 1 ? -0.25 : 0);
  });
  return onnxModel({
    inputs: [{ name: "latent_sample", type: "float32", shape: ["batch", channels, SIZE, SIZE] }],
    outputs: [{ name: "sample", type: "float32", shape: ["batch", 3, SIZE, SIZE] }],
    initializers: [constant("weights", [3, channels, 1, 1], weights)],
    nodes: [{ op: "Conv", inputs: ["latent_sample", "weights"], outputs: ["sample"] }],
  });
}

/** Writes the folder and returns its path. */
export async function writeTinyDit(parent: string, options: TinyDitOptions = {}): Promise<string> {
  const folder = join(parent, "tiny-dit");
  const write = async (name: string, content: Uint8Array | object) => {
    await Deno.mkdir(join(folder, name, ".."), { recursive: true });
    const bytes = content instanceof Uint8Array
      ? content
      : new TextEncoder().encode(JSON.stringify(content));
    await Deno.writeFile(join(folder, name), bytes);
  };
  const labels = Array.from(
    { length: options.classes ?? 3 },
    (_, i) => [i, `class ${"abcdefgh"[i]}, ${i} of ours`],
  );
  await write("model_index.json", {
    _class_name: "DiTPipeline",
    name: "tiny",
    id2label: Object.fromEntries(labels),
  });
  await write("transformer/model.onnx", tinyDitModel(options));
  await write("vae_decoder/model.onnx", tinyDecoderModel(options.channels, options.decoderScale));
  await write("vae_decoder/config.json", { scaling_factor: 0.5 });
  if (options.scheduler) await write("scheduler/scheduler_config.json", options.scheduler);
  return folder;
}
