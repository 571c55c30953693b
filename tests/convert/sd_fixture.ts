/**
 * The tiny Stable Diffusion models of tests/fixtures/convert; its README.md tells what they are.
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { ConvertedNetwork } from "../../src/convert/network.ts";
import type { JsonObject } from "../../src/formats/json.ts";
import { readSafetensors } from "../../src/formats/safetensors/safetensors.ts";
import { relativeError, runOutputs, type Tensors } from "./network_fixture.ts";

/** Where they lie. */
export const SD_FIXTURES = "tests/fixtures/convert";

/** A JSON file of a model. */
export function readConfig(name: string): JsonObject {
  return JSON.parse(Deno.readTextFileSync(join(SD_FIXTURES, name)));
}

/** Tensors of a file. */
export function readTensors(name: string): Tensors {
  return readSafetensors(Deno.readFileSync(join(SD_FIXTURES, name))).tensors;
}

/** Inputs and expected outputs of one network: `unet`, `text` or `vae`. */
export function readCase(model: string, network: string): { inputs: Tensors; outputs: Tensors } {
  const all = [...readTensors(`${model}_case.safetensors`)];
  const under = (prefix: string): Tensors =>
    new Map(
      all.filter(([name]) => name.startsWith(prefix)).map(([name, tensor]) =>
        [name.slice(prefix.length), tensor] as const
      ),
    );
  return { inputs: under(`${network}.in.`), outputs: under(`${network}.out.`) };
}

/**
 * Compares a network's outputs with the expected ones.
 *
 * @param named expected outputs by the network's names for them
 */
export async function expectOutputs(
  network: ConvertedNetwork,
  inputs: Tensors,
  named: Readonly<Record<string, ArrayLike<number>>>,
  bound: number,
): Promise<void> {
  const outputs = await runOutputs(network, inputs);
  for (const [name, expected] of Object.entries(named)) {
    const error = relativeError(outputs.get(name) ?? [], expected);
    assert.ok(error <= bound, `${name}: ${error}`);
  }
}

/** Expected values of an output. */
export function values(outputs: Tensors, name: string): Float32Array {
  return outputs.get(name)!.data as Float32Array;
}
