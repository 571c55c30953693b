/** Checks whether a network's declared inputs and outputs fit sampling. @module */
import { perRowTimesteps } from "../../models/networks/per_row_timesteps.ts";
import { ModelError } from "../../errors.ts";
import { checkEncoder } from "../../models/text_encoder_network.ts";
import {
  checkContract,
  type ConditionInput,
  type ContractOptions,
  sharedTimestep,
} from "../../models/networks/network_contract.ts";
import { fixedSize, shapeText } from "../../models/networks/tensor_contract.ts";
import { checkVaeContract, IMAGE_CHANNELS } from "../../models/vae_network.ts";
import type { TensorMetadata } from "../../runtime/model_metadata.ts";
import type { Verdict } from "./report.ts";

/** Declared inputs and outputs of a network. */
export interface NetworkSignature {
  /** File name in messages. */
  file: string;
  inputs: readonly TensorMetadata[];
  outputs: readonly TensorMetadata[];
  /** Bytes of the ONNX file, to check whether the timestep input can be patched. */
  bytes: Uint8Array;
}

const STATES = "encoder_hidden_states";
/** Inputs without a batch, which become constants when the network is opened. */
const POSITIONS: readonly string[] = ["img_ids", "txt_ids"];
/** Sizes of Stable Diffusion 1's text embeddings, where a network leaves them open. */
const USUAL_TEXT = [77, 768];
/** SDXL's original size, crop and target size. */
const TIME_IDS = 6;
/** Side of FLUX's tokens. */
const PATCH = 2;

/** Latent shape assumed for networks with open dimensions. */
const OPEN_LATENT = [4, 64, 64] as const;

/**
 * Checks a network against the requirements that its inputs suggest. Returns `undefined` if the
 * network is not supported.
 */
export function networkVerdict(network: NetworkSignature): Verdict | undefined {
  const named = (name: string) => network.inputs.find((input) => input.name === name);
  const classes = named("class_labels");
  if (named("timestep") || classes || named(STATES)) {
    return classes
      ? denoiserVerdict(network, "a class-conditional denoiser", [{
        name: classes.name,
        shape: [],
      }])
      : denoiserVerdict(network, "a text-conditional denoiser", textConditions(network.inputs));
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
export function timestepText({ inputs }: Pick<NetworkSignature, "inputs">): string | undefined {
  const timestep = inputs.find(({ name }) => name === "timestep");
  if (!timestep) return undefined;
  const shared = sharedTimestep(inputs) !== undefined;
  return `rank ${timestep.shape.length}, ${shapeText(timestep)}: ` +
    (shared ? "one for the whole batch" : "one per row");
}

function denoiserVerdict(
  network: NetworkSignature,
  as: string,
  conditions: readonly ConditionInput[],
): Verdict {
  const { file, outputs, bytes } = network;
  const inputs = network.inputs.filter(({ name }) => !POSITIONS.includes(name));
  const check = (inputs: readonly TensorMetadata[]) =>
    checkContract(inputs, outputs, { file, conditions, ...latentsOf(inputs) });
  const notes: string[] = [];
  const found = verdict(as, () => {
    const shared = sharedTimestep(inputs);
    if (shared) {
      notes.push(
        `patched in memory when opened (${perRowTimesteps(bytes, { file }).edits.join("; ")})`,
      );
    }
    const batch = inputs.find(({ shape }) => shape.length > 2)?.shape[0] ?? "batch";
    const perRow = (input: TensorMetadata) =>
      input === shared ? { ...input, shape: [batch] } : input;
    const { frozenBatch } = check(inputs.map(perRow));
    if (frozenBatch) notes.push(`the batch is frozen at ${frozenBatch}, rows are split and padded`);
  });
  return found.met && notes.length ? { ...found, why: notes.join("; ") } : found;
}

/** Text embeddings, and what the larger families take beside them. */
function textConditions(inputs: readonly TensorMetadata[]): ConditionInput[] {
  const states = inputs.find(({ name }) => name === STATES);
  const shape = USUAL_TEXT.map((size, i) => fixedSize(states?.shape[i + 1] ?? size) ?? size);
  const optional = true;
  return [
    { name: STATES, shape },
    ...["text_embeds", "pooled_projections"].map((name) => ({
      ...{ name, optional, shape: [widthOf(inputs, name)] },
    })),
    { name: "time_ids", shape: [TIME_IDS], optional },
    { name: "guidance", shape: [], optional },
  ];
}

function widthOf(inputs: readonly TensorMetadata[], name: string): number {
  return fixedSize(inputs.find((input) => input.name === name)?.shape[1] ?? 1) ?? 1;
}

/** Where the latents are and how: as images, or as tokens of 2 by 2 in rank 3. */
function latentsOf(
  inputs: readonly TensorMetadata[],
): Pick<ContractOptions, "sample" | "latentShape" | "patch"> {
  const tokens = inputs.find(({ name }) => name === "hidden_states");
  if (!tokens) return { latentShape: OPEN_LATENT };
  if (tokens.shape.length !== 3) return { sample: tokens.name, latentShape: OPEN_LATENT };
  const channels = (fixedSize(tokens.shape[2]) ?? 64) / PATCH ** 2;
  return { sample: tokens.name, patch: PATCH, latentShape: [channels, 64, 64] };
}

function vaeVerdict(network: NetworkSignature): Verdict {
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
