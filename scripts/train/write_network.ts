/** Writes the networks of the embedded models. @module */
import { join } from "node:path";
import type { ConvertedNetwork } from "../../src/convert/network.ts";

/** Name of the weights file beside each network. */
export const WEIGHTS = "model.safetensors";

/** Writes a network and its weights to the folder of a part, which exists. */
export async function writeNetwork(folder: string, network: ConvertedNetwork): Promise<void> {
  await Deno.writeFile(join(folder, WEIGHTS), ReadableStream.from(network.weights()));
  await Deno.writeFile(join(folder, "model.onnx"), network.model);
}
