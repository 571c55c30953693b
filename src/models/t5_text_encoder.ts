/** T5's encoder: a prompt to one embedding row per token. @module */
import type { Environment } from "../runtime/environment.ts";
import { InferenceSession } from "../runtime/inference_session.ts";
import type { SessionOptions } from "../runtime/session_options.ts";
import { Tensor } from "../runtime/tensor.ts";
import { checkEncoder, type TextEmbedding } from "./clip_text_encoder.ts";
import { type CheckedTensor, fixedSize } from "./networks/tensor_contract.ts";
import type { T5Tokenizer } from "./tokenizer/t5_tokenizer.ts";

/** Tokenizer and encoder of one model. */
export class T5TextEncoder implements AsyncDisposable {
  /** `[tokens, width]` of an embedding. */
  readonly shape: readonly [tokens: number, width: number];
  readonly #env: Environment;
  readonly #session: InferenceSession;
  readonly #tokenizer: T5Tokenizer;
  readonly #ids: CheckedTensor;
  readonly #hidden: CheckedTensor;

  private constructor(
    env: Environment,
    session: InferenceSession,
    { tokenizer, file }: T5TextEncoderOptions,
  ) {
    const { ids, hidden } = checkEncoder(file, session, tokenizer.maxLength);
    this.#env = env;
    this.#session = session;
    this.#tokenizer = tokenizer;
    this.#ids = ids;
    this.#hidden = hidden;
    this.shape = [tokenizer.maxLength, fixedSize(hidden.shape[2])!];
  }

  /** Opens the network. @throws {ModelError} when it cannot be loaded or is no text encoder */
  static async open(env: Environment, options: T5TextEncoderOptions): Promise<T5TextEncoder> {
    const session = await InferenceSession.create(env, options.file, options.session);
    try {
      return new T5TextEncoder(env, session, options);
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** Embedding of one prompt; padding is attended to, as in diffusers. */
  async encode(prompt: string, signal?: AbortSignal): Promise<TextEmbedding> {
    const { ids, truncated } = this.#tokenizer.encode(prompt);
    const { type, name } = this.#ids;
    const data = type === "int64" ? BigInt64Array.from(ids, BigInt) : Int32Array.from(ids);
    using input = new Tensor(this.#env, type, [1, ids.length], data);
    const outputs = [this.#hidden.name];
    const results = await this.#session.run({ [name]: input }, { outputs, signal });
    using hidden = results[this.#hidden.name];
    return { data: Float32Array.from(hidden.data as Float32Array), truncated };
  }

  /** Releases the session. */
  close(): Promise<void> {
    return this.#session.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Options of {@link T5TextEncoder.open}. */
export interface T5TextEncoderOptions {
  /** Path of the network. */
  file: string;
  tokenizer: T5Tokenizer;
  session?: SessionOptions;
}
