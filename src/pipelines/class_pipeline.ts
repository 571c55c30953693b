/** Common part of the pipelines whose condition is a class label. @module */
import { ModelError } from "../errors.ts";
import { type ClassNames, readClassNames } from "../models/class_names.ts";
import { GuidedDenoiser } from "../models/guided_denoiser.ts";
import { ModelFolder } from "../models/model_folder.ts";
import { ConditionalNetwork } from "../models/networks/conditional_network.ts";
import { areServed } from "../devices/remote/remote_device.ts";
import type { Environment } from "../runtime/environment.ts";
import type { PredictionType } from "../sampling/schedules/output_weights.ts";
import { shownValue } from "../text.ts";
import {
  denoiserFile,
  type DenoiserOptions,
  openDecoder,
  patchTimestep,
  type PipelineOptions,
} from "./latent_pipeline.ts";
import { NetworkPipeline, type PipelineParts } from "./network_pipeline.ts";

const NETWORK = "transformer";

/** Use of the network's outputs. */
export interface ClassOutputs {
  /** What the network predicts. */
  predictionType: PredictionType;
  /** Leading latent channels that guidance changes; all by default. */
  guidedChannels?: number;
  /** Settings of the scheduler that were changed or ignored, one line each. */
  notes: readonly string[];
}

/** A class-conditional transformer, and the decoder of its VAE. */
export abstract class ClassPipeline extends NetworkPipeline {
  /** Names of every class; the first one is the display name. */
  readonly classNames: ClassNames;
  readonly #network: ConditionalNetwork;
  readonly #outputs: ClassOutputs;

  /**
   * Creates a pipeline that owns the networks of `parts`.
   *
   * @ignore
   */
  protected constructor(parts: PipelineParts, outputs: ClassOutputs) {
    super(parts, outputs.notes);
    this.classNames = readClassNames(parts.folder);
    this.#network = parts.network;
    this.#outputs = outputs;
  }

  /**
   * Creates the denoiser of class `label`. The null class is the one after the last.
   *
   * @throws {RangeError} when the class does not exist
   */
  createDenoiser(label: number, options: DenoiserOptions): GuidedDenoiser {
    const classes = this.classNames.length, network = this.#network;
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      throw new RangeError(`class label is ${label}, wanted 0-${classes - 1}`);
    }
    const { predictionType, guidedChannels } = this.#outputs;
    return new GuidedDenoiser(network, {
      conditional: network.conditionRow({ class_labels: [label] }),
      unconditional: network.conditionRow({ class_labels: [classes] }),
      guidanceScale: options.guidanceScale,
      guidedChannels,
      predictionType,
      schedule: options.schedule,
      batchSize: options.batchSize,
    });
  }
}

/**
 * Opens `transformer/model.onnx` and the decoder.
 *
 * @param make wraps the networks; they are closed if it throws
 * @throws {ModelError} when a part is missing, cannot be loaded or lacks a required input or output
 */
export async function openClassPipeline<P>(
  env: Environment,
  folder: ModelFolder,
  options: PipelineOptions,
  make: (parts: PipelineParts) => P,
): Promise<P> {
  const file = await denoiserFile(folder, NETWORK, options);
  await using stack = new AsyncDisposableStack();
  const network = stack.use(
    await ConditionalNetwork.open(env, {
      file,
      conditions: [{ name: "class_labels", shape: [] }],
      session: options.session,
      patchTimestep,
      ...options.pool,
    }),
  );
  const { decoder, source: vae } = await openDecoder(env, folder, network.latentShape, options);
  stack.use(decoder);
  const origin = { environment: env, options };
  const pipeline = make({ origin, folder, vae, denoiserPart: NETWORK, network, decoder });
  stack.move();
  return pipeline;
}

/**
 * Folder of a class-conditional model; opens no network.
 *
 * @throws {ModelError} naming the parts that are missing, or the command of a text-to-image model
 */
export async function openClassFolder(
  path: string,
  { vaePath, fp16, pool = {} }: Pick<PipelineOptions, "vaePath" | "fp16" | "pool"> = {},
): Promise<ModelFolder> {
  const decoder = vaePath === undefined ? ["vae_decoder"] : [];
  const networks = areServed(pool) ? decoder : [NETWORK, ...decoder];
  const folder = await ModelFolder.open(path, { networks, fp16 });
  if (folder.kind === "stable-diffusion") throw textRefusal(folder);
  return folder;
}

/** The error for a text-to-image model, which the command sd samples. */
function textRefusal({ path, index }: ModelFolder): ModelError {
  const name = shownValue(index._class_name);
  return new ModelError(`${path} is ${name}, a text-to-image model, wanted one of classes`, {
    hint: `the command sd samples it: sd --model_path ${path} --prompt "a cute cat"`,
  });
}
