/** Text encoders, CLIP's or T5's: convert a prompt to one embedding row per token. @module */
import { ModelError } from "../errors.ts";
import type { Environment } from "../runtime/environment.ts";
import { InferenceSession } from "../runtime/inference_session.ts";
import type { TensorMetadata } from "../runtime/model_metadata.ts";
import type { SessionOptions } from "../runtime/session_options.ts";
import { Tensor } from "../runtime/tensor.ts";
import type { ClipTokens } from "./tokenizer/clip_tokenizer.ts";
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
  /** The whole prompt as one row, for networks that take it too. */
  pooled?: Float32Array;
  /** End of the prompt that exceeds the tokens; `undefined` if the whole prompt fits. */
  truncated: string | undefined;
}

/** Turns a prompt into ids, as many for every prompt. */
export interface PromptTokenizer {
  /** Number of ids. */
  readonly maxLength: number;
  /** Ids of a prompt, padded or cut to `maxLength`. */
  encode(prompt: string): ClipTokens;
}

/** Options of {@link TextEncoderNetwork.open}. */
export interface TextEncoderNetworkOptions {
  /** Path of the network. */
  file: string;
  tokenizer: PromptTokenizer;
  session?: SessionOptions;
  /**
   * Which rows are the embedding: those behind the last layer and the final norm, or those that the
   * last layer takes, as SDXL and SD3 want them. Default `last`.
   */
  hidden?: "last" | "penultimate";
  /** Also give the pooled row. */
  pooled?: boolean;
}

/** Tokenizer and text encoder of one model. */
export class TextEncoderNetwork implements AsyncDisposable {
  /** `[tokens, width]` of an embedding. */
  readonly shape: readonly [tokens: number, width: number];
  readonly #env: Environment;
  readonly #session: InferenceSession;
  readonly #tokenizer: PromptTokenizer;
  readonly #ids: CheckedTensor;
  readonly #hidden: CheckedTensor;
  readonly #pooled: CheckedTensor | undefined;

  private constructor(
    env: Environment,
    session: InferenceSession,
    { tokenizer, file, hidden: which, pooled: wanted }: TextEncoderNetworkOptions,
  ) {
    const { ids, hidden } = checkEncoder(file, session, tokenizer.maxLength, which);
    this.#pooled = wanted ? pooledOutput(file, session.outputs) : undefined;
    this.#env = env;
    this.#session = session;
    this.#tokenizer = tokenizer;
    this.#ids = ids;
    this.#hidden = hidden;
    this.shape = [tokenizer.maxLength, fixedSize(hidden.shape[2])!];
  }

  /** Opens the network. @throws {ModelError} if it cannot be loaded or is not a text encoder */
  static async open(
    env: Environment,
    options: TextEncoderNetworkOptions,
  ): Promise<TextEncoderNetwork> {
    const session = await InferenceSession.create(env, options.file, options.session);
    try {
      return new TextEncoderNetwork(env, session, options);
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
    const values = this.#ids.type === "int64"
      ? BigInt64Array.from(rows, BigInt)
      : Int32Array.from(rows);
    using input = new Tensor(this.#env, this.#ids.type, [batch, ids.length], values);
    const pooled = this.#pooled?.name;
    const outputs = await this.#session.run({ [this.#ids.name]: input }, {
      outputs: [this.#hidden.name, ...(pooled === undefined ? [] : [pooled])],
      signal,
    });
    using hidden = outputs[this.#hidden.name];
    const first = (hidden.data as Float32Array).subarray(0, this.shape[0] * this.shape[1]);
    const data = Float32Array.from(first);
    if (pooled === undefined) return { data, truncated };
    using all = outputs[pooled];
    const row = (all.data as Float32Array).subarray(0, all.dims[1]);
    return { data, pooled: Float32Array.from(row), truncated };
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
  which: "last" | "penultimate" = "last",
): { ids: CheckedTensor; hidden: CheckedTensor } {
  const hidden = which === "last"
    ? outputs.find((output) => output.name === "last_hidden_state") ?? outputs[0]
    : penultimate(file, outputs);
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

/** `hidden_states.i` are the rows before layer i; behind the last layer there is one more. */
function penultimate(file: string, outputs: readonly TensorMetadata[]): TensorMetadata {
  const indices = outputs.flatMap(({ name }) => /^hidden_states\.(\d+)$/.exec(name)?.[1] ?? []);
  const name = `hidden_states.${Math.max(...indices.map(Number)) - 1}`;
  const found = outputs.find((output) => output.name === name);
  if (found) return found;
  throw new ModelError(
    `${file} gives ${listTensors(outputs)}, wanted hidden_states.0, hidden_states.1, … too`,
    { hint: "export the text encoder with its hidden states, as optimum does" },
  );
}

function pooledOutput(file: string, outputs: readonly TensorMetadata[]): CheckedTensor {
  const found = ["text_embeds", "pooler_output"]
    .map((name) => outputs.find((output) => output.name === name)).find((output) => output);
  if (!found) {
    throw new ModelError(
      `${file} gives ${listTensors(outputs)}, wanted text_embeds or pooler_output too`,
    );
  }
  expectRank(file, found, ["batch", "width"]);
  return expectType(file, found, FLOAT_TYPES);
}
