/** Checks whether a network's declared inputs and outputs fit sampling. @module */
import { perRowTimesteps } from "../../models/networks/per_row_timesteps.ts";
import { ModelError } from "../../errors.ts";
import { checkEncoder } from "../../models/clip_text_encoder.ts";
import { checkContract, sharedTimestep } from "../../models/networks/network_contract.ts";
import { fixedSize, shapeText } from "../../models/networks/tensor_contract.ts";
import { checkVaeContract, IMAGE_CHANNELS } from "../../models/vae_network.ts";
import type { TensorMetadata } from "../../runtime/model_metadata.ts";
import type { Verdict } from "./report.ts";

/** Declared inputs and outputs of a network. */
export interface NetworkFace {
  /** File name in messages. */
  file: string;
  inputs: readonly TensorMetadata[];
  outputs: readonly TensorMetadata[];
  /** Bytes of the ONNX file, to check whether the timestep input can be patched. */
  bytes: Uint8Array;
}

/** Latent shape assumed for networks with open dimensions. */
const OPEN_LATENT = [4, 64, 64] as const;

/**
 * Checks a network against the requirements that its inputs suggest. Returns `undefined` if the
 * network is not supported.
 */
export function networkVerdict(network: NetworkFace): Verdict | undefined {
  const named = (name: string) => network.inputs.find((input) => input.name === name);
  const classes = named("class_labels");
  const text = named("encoder_hidden_states");
  if (named("timestep") || classes || text) {
    return classes
      ? denoiserVerdict(network, "a class-conditional denoiser", classes, [])
      : denoiserVerdict(network, "a text-conditional denoiser", text, [77, 768]);
  }
  if (named("input_ids")) {
    return verdict("a text encoder", () => checkEncoder(network.file, network, 77));
  }
  if (network.inputs.length === 1 && network.inputs[0].shape.length === 4) {
    return vaeVerdict(network);
  }
  return undefined;
}

/** Description of the declared timestep. */
export function timestepText({ inputs }: Pick<NetworkFace, "inputs">): string | undefined {
  const timestep = inputs.find(({ name }) => name === "timestep");
  if (!timestep) return undefined;
  const shared = sharedTimestep(inputs) !== undefined;
  return `rank ${timestep.shape.length}, ${shapeText(timestep)}: ` +
    (shared ? "one for the whole batch" : "one per row");
}

function denoiserVerdict(
  network: NetworkFace,
  as: string,
  condition: TensorMetadata | undefined,
  usual: readonly number[],
): Verdict {
  const { file, inputs, outputs, bytes } = network;
  const conditionShape = condition?.shape.slice(1).map((dim, i) => fixedSize(dim) ?? usual[i]) ??
    usual;
  const check = (inputs: readonly TensorMetadata[]) =>
    checkContract(inputs, outputs, {
      file,
      condition: condition?.name ?? "class_labels",
      conditionShape: conditionShape.filter((size) => size !== undefined),
      latentShape: OPEN_LATENT,
    });
  const notes: string[] = [];
  const found = verdict(as, () => {
    const shared = sharedTimestep(inputs);
    if (shared) {
      notes.push(
        `patched in memory when opened (${perRowTimesteps(bytes, { file }).edits.join("; ")})`,
      );
    }
    const batch = inputs.find(({ name }) => name === "sample")?.shape[0] ?? "batch";
    const perRow = (input: TensorMetadata) =>
      input === shared ? { ...input, shape: [batch] } : input;
    const { frozenBatch } = check(inputs.map(perRow));
    if (frozenBatch) notes.push(`the batch is frozen at ${frozenBatch}, rows are split and padded`);
  });
  return found.met && notes.length ? { ...found, why: notes.join("; ") } : found;
}

function vaeVerdict(network: NetworkFace): Verdict {
  const [, inChannels] = network.inputs[0].shape;
  const latent = ["channels", "height", "width"];
  const image = [IMAGE_CHANNELS, "height", "width"];
  const encodes = inChannels === IMAGE_CHANNELS;
  const kind = encodes ? "encoder" : "decoder";
  const contract = encodes
    ? { kind, from: image, to: [latent] } as const
    : { kind, from: latent, to: [image] } as const;
  return verdict(`a VAE ${kind}`, () => checkVaeContract(network.file, network, contract));
}

function verdict(as: string, check: () => void): Verdict {
  try {
    check();
    return { as, met: true };
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    return { as, met: false, why: error.message + (error.hint ? ` - ${error.hint}` : "") };
  }
}
