/** Stable Diffusion's text encoder: converts a prompt to one embedding row per token. @module */
import { ModelError } from "../errors.ts";
import type { Environment } from "../runtime/environment.ts";
import { InferenceSession } from "../runtime/inference_session.ts";
import type { TensorMetadata } from "../runtime/model_metadata.ts";
import type { SessionOptions } from "../runtime/session_options.ts";
import { Tensor } from "../runtime/tensor.ts";
import type { ClipTokenizer } from "./tokenizer/clip_tokenizer.ts";
import {
  type CheckedTensor,
  expectRank,
  expectType,
  fixedSize,
  FLOAT_TYPES,
  listTensors,
} from "./networks/tensor_contract.ts";

/** Embedding of a prompt, the condition of the network. */
export interface TextEmbedding {
  /** `[tokens, width]`. */
  data: Float32Array;
  /** End of the prompt that exceeds the tokens; `undefined` if the whole prompt fits. */
  truncated: string | undefined;
}

/** Options of {@link ClipTextEncoder.open}. */
export interface ClipTextEncoderOptions {
  /** Path of the network. */
  file: string;
  tokenizer: ClipTokenizer;
  session?: SessionOptions;
}

/** Tokenizer and text encoder of one model. */
export class ClipTextEncoder implements AsyncDisposable {
  /** `[tokens, width]` of an embedding. */
  readonly shape: readonly [tokens: number, width: number];
  readonly #env: Environment;
  readonly #session: InferenceSession;
  readonly #tokenizer: ClipTokenizer;
  readonly #ids: CheckedTensor;
  readonly #hidden: CheckedTensor;

  private constructor(
    env: Environment,
    session: InferenceSession,
    { tokenizer, file }: ClipTextEncoderOptions,
  ) {
    const { ids, hidden } = checkEncoder(file, session, tokenizer.maxLength);
    this.#env = env;
    this.#session = session;
    this.#tokenizer = tokenizer;
    this.#ids = ids;
    this.#hidden = hidden;
    this.shape = [tokenizer.maxLength, fixedSize(hidden.shape[2])!];
  }

  /** Opens the network. @throws {ModelError} if it cannot be loaded or is not a text encoder */
  static async open(env: Environment, options: ClipTextEncoderOptions): Promise<ClipTextEncoder> {
    const session = await InferenceSession.create(env, options.file, options.session);
    try {
      return new ClipTextEncoder(env, session, options);
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** Returns the embedding of a prompt, which may be empty. */
  async encode(prompt: string, signal?: AbortSignal): Promise<TextEmbedding> {
    const { ids, truncated } = this.#tokenizer.encode(prompt);
    // If the batch is fixed at several rows, all are copies; the first is returned.
    const batch = fixedSize(this.#ids.shape[0]) ?? 1;
    const rows = Array.from({ length: batch }, () => ids).flat();
    const data = this.#ids.type === "int64"
      ? BigInt64Array.from(rows, BigInt)
      : Int32Array.from(rows);
    using input = new Tensor(this.#env, this.#ids.type, [batch, ids.length], data);
    const outputs = await this.#session.run({ [this.#ids.name]: input }, {
      outputs: [this.#hidden.name],
      signal,
    });
    using hidden = outputs[this.#hidden.name];
    const first = (hidden.data as Float32Array).subarray(0, this.shape[0] * this.shape[1]);
    return { data: Float32Array.from(first), truncated };
  }

  /** Releases the session. */
  close(): Promise<void> {
    return this.#session.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * Checks for `input_ids [batch, tokens]` of integers and `last_hidden_state [batch, tokens,
 * width]`.
 *
 * @throws {ModelError} if the network differs
 */
export function checkEncoder(
  file: string,
  { inputs, outputs }: { inputs: readonly TensorMetadata[]; outputs: readonly TensorMetadata[] },
  tokens: number,
): { ids: CheckedTensor; hidden: CheckedTensor } {
  const hidden = outputs.find((output) => output.name === "last_hidden_state") ?? outputs[0];
  if (inputs.length !== 1 || !hidden) {
    throw new ModelError(
      `${file} takes ${listTensors(inputs)} and gives ${listTensors(outputs)}, ` +
        "wanted a text encoder from input_ids [batch, tokens] to last_hidden_state [batch, tokens, width]",
    );
  }
  expectRank(file, inputs[0], ["batch", "tokens"]);
  expectRank(file, hidden, ["batch", "tokens", "width"]);
  if ((fixedSize(inputs[0].shape[1]) ?? tokens) !== tokens) {
    throw new ModelError(
      `${file} takes ${listTensors([inputs[0]])}, but the tokenizer gives ${tokens} tokens`,
    );
  }
  if (fixedSize(hidden.shape[2]) === undefined) {
    throw new ModelError(
      `${file}: the width of ${listTensors([hidden])} is not fixed, wanted a number`,
    );
  }
  return {
    ids: expectType(file, inputs[0], ["int64", "int32"]),
    hidden: expectType(file, hidden, FLOAT_TYPES),
  };
}
