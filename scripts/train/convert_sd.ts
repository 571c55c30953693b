/**
 * Converts the UNet and text encoder of sd-emoji. The UNet predicts v, and the network returns ε:
 *
 *     deno run -A scripts/train/convert_sd.ts UNET TEXT_ENCODER FOLDER
 *
 * The first two are state dicts under diffusers' and transformers' names, `.pt` or `.safetensors`;
 * FOLDER holds `unet/config.json` and `text_encoder/config.json`, and gets the networks.
 * @module
 */
import { join } from "node:path";
import type { ConvertedNetwork } from "../../src/convert/network.ts";
import { convertTextEncoder } from "../../src/convert/text_encoder/convert_text_encoder.ts";
import { textConfig } from "../../src/convert/text_encoder/text_config.ts";
import { convertUnet } from "../../src/convert/unet/convert_unet.ts";
import { unetConfig } from "../../src/convert/unet/unet_config.ts";
import { openTensors } from "../../src/formats/open_tensors.ts";
import { sampleSize } from "../../src/models/sample_size.ts";
import { SCHEDULER_PRESETS } from "../../src/sampling/schedules/scheduler_config.ts";
import { WEIGHTS, writeNetwork } from "./write_network.ts";

const TOKENS = 77;

/** Checkpoints of both networks, and the folder of their configurations. */
export interface SdEmoji {
  unet: string;
  text: string;
  folder: string;
}

/** A converted network and its sub-folder. */
export interface SdEmojiPart {
  part: string;
  network: ConvertedNetwork;
}

/** Calls `use` with both networks while their checkpoints are open. */
export async function withSdEmoji(
  { unet: unetFile, text: textFile, folder }: SdEmoji,
  use: (parts: SdEmojiPart[]) => Promise<void>,
): Promise<void> {
  const readConfig = async (part: string) =>
    JSON.parse(await Deno.readTextFile(join(folder, part, "config.json")));
  const unetJson = await readConfig("unet");
  const side = sampleSize(unetJson, "height");
  using unet = await openTensors(unetFile, {});
  using text = await openTensors(textFile, {});
  const options = { storage: "fp16", weightsFile: WEIGHTS } as const;
  await use([
    {
      part: "unet",
      network: convertUnet(unet.tensors, unetConfig(unetJson, "unet"), {
        ...{ ...options, file: unetFile, epsilonOf: SCHEDULER_PRESETS["stable-diffusion"] },
        sizes: { height: side, width: side, tokens: TOKENS },
      }),
    },
    {
      part: "text_encoder",
      network: convertTextEncoder(
        text.tensors,
        textConfig(await readConfig("text_encoder"), "text_encoder"),
        { ...options, file: textFile },
      ),
    },
  ]);
}

if (import.meta.main) {
  const [unet, text, folder] = Deno.args;
  await withSdEmoji({ unet, text, folder }, async (parts) => {
    for (const { part, network } of parts) await writeNetwork(join(folder, part), network);
  });
}
