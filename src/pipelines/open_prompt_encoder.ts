/** Opens the text encoders of a model folder. @module */
import { join } from "node:path";
import { TextEncoderNetwork } from "../models/text_encoder_network.ts";
import { configNumber, type ModelFolder } from "../models/model_folder.ts";
import {
  absentEncoder,
  type PromptEncoder,
  sideBySide,
  stacked,
  withPooled,
} from "../models/prompt_encoder.ts";
import { ClipTokenizer } from "../models/tokenizer/clip_tokenizer.ts";
import { T5Tokenizer } from "../models/tokenizer/t5_tokenizer.ts";
import type { Environment } from "../runtime/environment.ts";
import type { SessionOptions } from "../runtime/session_options.ts";
import type { TextFamily } from "./text_family.ts";

/** The text encoders of a model; closing closes them all. */
export type OpenPromptEncoder = PromptEncoder & { close(): Promise<void> };

/**
 * Opens the encoders of a family.
 *
 * @throws {ModelError} when one cannot be loaded or lacks an output that the family needs
 */
export async function openPromptEncoder(
  env: Environment,
  folder: ModelFolder,
  { family, session }: { family: TextFamily; session?: SessionOptions },
): Promise<OpenPromptEncoder> {
  await using stack = new AsyncDisposableStack();
  const clips: TextEncoderNetwork[] = [];
  for (const part of family.clips) {
    clips.push(stack.use(await openClip(env, folder, { part, family, session })));
  }
  const { t5: wanted } = family;
  const t5 = wanted && await folder.hasNetwork(wanted.part)
    ? stack.use(await openT5(env, folder, { ...wanted, session }))
    : undefined;
  const encoder = await combine(family, { clips, t5, folder });
  const opened = stack.move();
  return {
    shape: encoder.shape,
    encode: (prompt, signal) => encoder.encode(prompt, signal),
    close: () => opened.disposeAsync(),
  };
}

async function combine(
  { name }: TextFamily,
  { clips, t5, folder }: {
    clips: readonly TextEncoderNetwork[];
    t5: TextEncoderNetwork | undefined;
    folder: ModelFolder;
  },
): Promise<PromptEncoder> {
  const [first, second] = clips;
  if (name === "sdxl") return sideBySide(first, second, "second");
  if (name === "flux") return withPooled(t5!, first);
  if (name !== "sd3") return first;
  const both = sideBySide(first, second, "both");
  if (t5) return stacked(both, t5);
  const config = await folder.config("transformer/config.json");
  return stacked(both, absentEncoder([first.shape[0], configNumber(config, WIDTH_KEY, 4096)]));
}

/** Width of the rows that a transformer takes. */
const WIDTH_KEY = "joint_attention_dim";

async function openClip(
  env: Environment,
  folder: ModelFolder,
  { part, family, session }: { part: string; family: TextFamily; session?: SessionOptions },
): Promise<TextEncoderNetwork> {
  const tokenizerPart = part.replace("text_encoder", "tokenizer");
  const tokenizer = await ClipTokenizer.load(join(folder.path, tokenizerPart), {
    read: (name) => folder.read(`${tokenizerPart}/${name}`),
  });
  const hidden = family.name === "sdxl" || family.name === "sd3" ? "penultimate" : "last";
  // SDXL's first encoder has a pooled row that nothing takes.
  const pooled = family.name === "sd3" || family.name === "flux" || part === "text_encoder_2";
  const file = await folder.network(part);
  return await TextEncoderNetwork.open(env, { file, tokenizer, session, hidden, pooled });
}

/** Its padding is attended to, as in diffusers. */
async function openT5(
  env: Environment,
  folder: ModelFolder,
  { part, tokens, session }: { part: string; tokens: number; session?: SessionOptions },
): Promise<TextEncoderNetwork> {
  const tokenizerPart = part.replace("text_encoder", "tokenizer");
  const tokenizer = await T5Tokenizer.load(join(folder.path, tokenizerPart), {
    read: (name) => folder.read(`${tokenizerPart}/${name}`),
    most: tokens,
  });
  const file = await folder.network(part);
  return await TextEncoderNetwork.open(env, { file, tokenizer, session });
}
