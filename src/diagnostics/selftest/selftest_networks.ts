/** The networks that ship with parataa, with inputs to run them on, for `selftest`. @module */
import type { Environment } from "../../runtime/environment.ts";
import type { InferenceSession } from "../../runtime/inference_session.ts";
import type { TensorMetadata } from "../../runtime/model_metadata.ts";
import { Tensor } from "../../runtime/tensor.ts";
import { TorchGenerator } from "../../sampling/noise.ts";

/** Parts of the embedded models, by their folders below `models/`. */
export const NETWORKS: readonly string[] = [
  "dit-emoji/transformer",
  "dit-emoji/vae_encoder",
  "dit-emoji/vae_decoder",
  "sd-emoji/text_encoder",
  "sd-emoji/unet",
  "sd-emoji/vae_encoder",
  "sd-emoji/vae_decoder",
];

/** Inputs of whole numbers take them from 0 up to here: timesteps, classes, tokens. */
const BELOW: Readonly<Record<string, number>> = {
  timestep: 1000,
  class_labels: 10,
  input_ids: 500,
};

/** What a session is fed: a fixed stream, so that every machine computes the same. */
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

/** Largest differences from a reference; `relative` is over the RMS of the reference. */
export interface Difference {
  absolute: number;
  relative: number;
}

/** How far outputs are from the reference's; NaN where one is not finite. */
export function largestDifference(
  outputs: readonly ArrayLike<number>[],
  references: readonly ArrayLike<number>[],
): Difference {
  const worst = { absolute: 0, relative: 0 };
  for (const [k, reference] of references.entries()) {
    let largest = 0, squares = 0;
    for (let i = 0; i < reference.length; i++) {
      largest = Math.max(largest, Math.abs(outputs[k][i] - reference[i])); // NaN stays NaN
      squares += reference[i] ** 2;
    }
    const rms = Math.sqrt(squares / reference.length);
    worst.absolute = Math.max(worst.absolute, largest);
    worst.relative = Math.max(worst.relative, largest / rms);
  }
  return worst;
}
