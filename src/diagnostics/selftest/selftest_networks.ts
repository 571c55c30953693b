/** The networks that ship with parataa, and inputs for them. @module */
import type { Environment } from "../../runtime/environment.ts";
import type { InferenceSession } from "../../runtime/inference_session.ts";
import type { TensorMetadata } from "../../runtime/model_metadata.ts";
import { Tensor } from "../../runtime/tensor.ts";
import { TorchGenerator } from "../../sampling/noise.ts";

/** Networks of the shipped models, by folder below `models/`. */
export const NETWORKS: readonly string[] = [
  "dit-emoji/transformer",
  "dit-emoji/vae_encoder",
  "dit-emoji/vae_decoder",
  "flow-emoji/transformer",
  "sd-emoji/text_encoder",
  "sd-emoji/unet",
  "sd-emoji/vae_encoder",
  "sd-emoji/vae_decoder",
];

/** Upper bounds of integer inputs: timesteps, classes, tokens. */
const BELOW: Readonly<Record<string, number>> = {
  timestep: 1000,
  class_labels: 10,
  input_ids: 500,
};

/** Inputs of a session from a fixed random stream, equal on every machine. */
export function makeInputs(
  env: Environment,
  session: InferenceSession,
  batch: number,
): Record<string, Tensor> {
  const generator = new TorchGenerator(0);
  const inputs: Record<string, Tensor> = {};
  for (const input of session.inputs) {
    const dims = [batch, ...input.shape.slice(1).map(Number)];
    const tensor = inputs[input.name] = new Tensor(env, input.type as "float32" | "int64", dims);
    fill(tensor, input, generator);
  }
  return inputs;
}

function fill({ data }: Tensor, { name }: TensorMetadata, generator: TorchGenerator): void {
  if (data instanceof BigInt64Array) {
    data.set(generator.randint(0, BELOW[name], data.length).map(BigInt));
  } else (data as Float32Array).set(generator.randn(data.length));
}

/** Largest difference from a reference; `relative` is divided by the RMS of the reference. */
export interface Difference {
  absolute: number;
  relative: number;
}

/** Largest difference of outputs from a reference; NaN if a value is not finite. */
export function largestDifference(
  outputs: readonly ArrayLike<number>[],
  references: readonly ArrayLike<number>[],
): Difference {
  const worst = { absolute: 0, relative: 0 };
  for (const [k, reference] of references.entries()) {
    let largest = 0, squares = 0;
    for (let i = 0; i < reference.length; i++) {
      largest = Math.max(largest, Math.abs(outputs[k][i] - reference[i])); // propagates NaN
      squares += reference[i] ** 2;
    }
    const rms = Math.sqrt(squares / reference.length);
    worst.absolute = Math.max(worst.absolute, largest);
    worst.relative = Math.max(worst.relative, largest / rms);
  }
  return worst;
}
