/** Merges LoRAs into a Stable Diffusion model. @module */
import { openUserTensors } from "../convert_sources.ts";
import { LoraFile } from "../lora/lora_file.ts";
import { parseLoraList } from "../lora/lora_list.ts";
import { mergeLoras, type ScaledLora } from "../lora/merge_lora.ts";
import { partName, type SdModel } from "./sd_model.ts";

/**
 * Opens LoRAs and merges them into the UNet and the text encoders.
 *
 * @param list as {@link parseLoraList} reads it
 * @param files stack that closes the files
 * @throws {ModelError} if a LoRA belongs to another model
 */
export async function withLoras(
  model: SdModel,
  list: string,
  files: DisposableStack,
): Promise<SdModel> {
  const loras: ScaledLora[] = [];
  const notes: string[] = [];
  for (const { path, scale } of parseLoraList(list)) {
    const { tensors } = files.use(await openUserTensors("lora", path));
    const lora = LoraFile.of(tensors, path);
    loras.push({ lora, scale });
    notes.push(`${path} is merged with scale ${scale}, ${lora.layers.size} layers`);
  }
  const { unet, texts } = model;
  const targets = [
    { name: "unet", tensors: unet.tensors },
    ...texts.map(({ tensors }, i) => ({ name: partName("text_encoder", i), tensors })),
  ];
  const [ofUnet, ...ofTexts] = mergeLoras(targets, loras);
  return {
    ...model,
    unet: { ...unet, tensors: ofUnet },
    texts: texts.map((text, i) => ({ ...text, tensors: ofTexts[i] })),
    notes: [...model.notes, ...notes],
  };
}
