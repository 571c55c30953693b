/** A LoRA file: its tensors by the layers that they change. @module */
import { ModelError } from "../../errors.ts";
import { isJsonObject, type JsonObject, readJson } from "../../formats/json.ts";
import { SafetensorsFile } from "../../formats/safetensors/safetensors.ts";
import type { TensorFile } from "../../formats/tensor_file.ts";
import { shown } from "../../text.ts";
import { floatReader } from "../float_values.ts";
import { listed } from "../listed.ts";
import type { LoraParts, LoraScaling, PartTensor } from "./lora_change.ts";
import { loraName, type LoraPart } from "./lora_names.ts";

const METADATA = "lora_adapter_metadata";

/** A LoRA to merge. */
export class LoraFile {
  /** Name of the file in errors. */
  readonly file: string;
  /** Names of the parts of each layer; layers are spelled as in the file. */
  readonly layers: ReadonlyMap<string, ReadonlyMap<LoraPart, string>>;
  readonly #tensors: TensorFile;
  readonly #settings: JsonObject;

  private constructor(
    file: string,
    tensors: TensorFile,
    layers: LoraFile["layers"],
    settings: JsonObject,
  ) {
    this.file = file;
    this.layers = layers;
    this.#tensors = tensors;
    this.#settings = settings;
  }

  /**
   * Groups the tensors of a file by the layers that they change.
   *
   * @throws {ModelError} if a name has no known form
   */
  static of(tensors: TensorFile, file: string): LoraFile {
    const layers = new Map<string, Map<LoraPart, string>>();
    const others: string[] = [];
    for (const name of tensors.entries.keys()) {
      const known = loraName(name);
      if (known === undefined || layers.get(known.layer)?.has(known.part)) {
        others.push(name);
        continue;
      }
      const parts = layers.get(known.layer) ?? new Map<LoraPart, string>();
      layers.set(known.layer, parts.set(known.part, name));
    }
    if (others.length > 0 || layers.size === 0) {
      const found = others.length > 0 ? listed(others, shown) : "no tensors";
      throw new ModelError(`${file} holds ${found}, wanted the tensors of a LoRA alone`, {
        hint: "LoRA, LoHa, LoKr and DoRA of kohya, LyCORIS and PEFT are supported",
      });
    }
    return new LoraFile(file, tensors, layers, settingsOf(tensors, file));
  }

  /** Shapes of a layer's parts. */
  shapes(layer: string): Map<LoraPart, readonly number[]> {
    return new Map(
      [...this.layers.get(layer)!].map(([part, name]) =>
        [part, this.#tensors.entries.get(name)!.shape] as const
      ),
    );
  }

  /** Values of a layer's parts. @throws {ModelError} if they are not floats */
  async parts(layer: string): Promise<LoraParts> {
    const parts = new Map<LoraPart, PartTensor>();
    for (const [part, name] of this.layers.get(layer)!) {
      const { dtype, shape, length } = this.#tensors.entries.get(name)!;
      const bytes = await this.#tensors.readBytes(name, { offset: 0, length });
      parts.set(part, { shape, data: Float32Array.from(floatReader(name, dtype)(bytes)) });
    }
    return parts;
  }

  /**
   * PEFT's scaling of a network's layers, from the file's metadata.
   *
   * @param network `unet` or `text_encoder`
   */
  scaling(network: string): LoraScaling {
    const alpha = this.#settings[`${network}.lora_alpha`];
    return {
      alpha: typeof alpha === "number" ? alpha : undefined,
      rankStabilized: this.#settings[`${network}.use_rslora`] === true,
    };
  }
}

/** @throws {ModelError} if PEFT's alpha differs between layers */
function settingsOf(tensors: TensorFile, file: string): JsonObject {
  const text = tensors instanceof SafetensorsFile ? tensors.metadata.get(METADATA) : undefined;
  if (text === undefined) return {};
  const json = readJson(new TextEncoder().encode(text), { file: `${file}: ${METADATA}` });
  const settings = isJsonObject(json) ? json : {};
  for (const [key, value] of Object.entries(settings)) {
    const isSet = isJsonObject(value) && Object.keys(value).length > 0;
    if (!isSet || !key.endsWith(".alpha_pattern")) continue;
    throw new ModelError(`${file}: ${shown(key)} of its metadata is set, wanted one alpha for all`);
  }
  return settings;
}
