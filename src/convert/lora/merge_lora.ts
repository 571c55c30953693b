/** Merges LoRAs into the weights that they change. @module */
import { ModelError } from "../../errors.ts";
import type { TensorFile } from "../../formats/tensor_file.ts";
import { shown } from "../../text.ts";
import { ldmLayers } from "../single_file/unet_names.ts";
import { decomposedChange, magnitudePart } from "./dora.ts";
import { loraChange } from "./lora_change.ts";
import { elementsOf } from "../../elements_of.ts";
import { listed } from "../listed.ts";
import type { LoraFile } from "./lora_file.ts";
import { layerSpellings } from "./lora_names.ts";
import { loraSize } from "./lora_size.ts";
import { type Change, MergedTensors } from "./merged_tensors.ts";

/** A LoRA and the scale at which it is merged. */
export interface ScaledLora {
  lora: LoraFile;
  scale: number;
}

/** A network into which LoRAs are merged. */
export interface LoraTarget {
  /** `unet`, `text_encoder` or `text_encoder_2`: its name in PEFT's files. */
  name: string;
  tensors: TensorFile;
}

/** Prefixes of a network's layers in the files of kohya, LyCORIS and PEFT. */
const PREFIXES: Readonly<Record<string, readonly string[]>> = {
  unet: ["lora_unet_", "lycoris_", "unet.", "base_model.model.", ""],
  text_encoder: ["lora_te_", "lora_te1_", "text_encoder.", ""],
  text_encoder_2: ["lora_te2_", "text_encoder_2."],
};

const OTHER_MODEL = "the LoRA was trained on another model or is damaged";

/** A weight that a layer of a LoRA changes. */
interface Place {
  target: LoraTarget;
  tensor: string;
}

/**
 * The networks with all LoRAs merged: W + Σ scale · (alpha / rank) · Δ, and for a DoRA
 * W + scale · (W' − W), where W' is the weight at scale 1.
 *
 * @param targets networks under diffusers' and transformers' names
 * @throws {ModelError} if a layer of a LoRA is not in the networks, or has another size
 */
export function mergeLoras(
  targets: readonly LoraTarget[],
  loras: readonly ScaledLora[],
): TensorFile[] {
  const places = placesOf(targets);
  const changes = new Map(targets.map((target) => [target, new Map<string, Change[]>()] as const));
  for (const { lora, scale } of loras) {
    checkLayers(lora, places);
    for (const layer of lora.layers.keys()) {
      const { target, tensor } = places.get(layer)!;
      const own = changes.get(target)!;
      const { shape } = target.tensors.entries.get(tensor)!;
      const change = (weight: Float32Array) =>
        changeOf(lora, layer, { network: target.name, scale, weight, shape });
      own.set(tensor, [...own.get(tensor) ?? [], change]);
    }
  }
  return targets.map((target) => new MergedTensors(target.tensors, changes.get(target)!));
}

/** Weights by every spelling of their layers. */
function placesOf(targets: readonly LoraTarget[]): Map<string, Place> {
  const places = new Map<string, Place>();
  for (const target of targets) {
    const inSingleFile = ldmLayers(target.tensors.entries.keys());
    for (const [tensor, { shape }] of target.tensors.entries) {
      if (shape.length < 2 || !tensor.endsWith(".weight")) continue;
      const layer = tensor.slice(0, -".weight".length);
      for (const spelling of spellings(target.name, layer)) {
        places.set(spelling, { target, tensor });
      }
      // kohya's LoRAs of SDXL name layers as single files do.
      const other = target.name === "unet" ? inSingleFile(layer) : undefined;
      if (other === undefined) continue;
      places.set(`lora_unet_${other.replaceAll(".", "_")}`, { target, tensor });
    }
  }
  return places;
}

function spellings(network: string, layer: string): string[] {
  const prefixes = PREFIXES[network];
  if (network === "unet") return layerSpellings(layer, prefixes);
  const short = layer.replace(/^text_model\./, "");
  return [short, `text_model.${short}`].flatMap((name) => layerSpellings(name, prefixes));
}

/** Checks names and shapes only. @throws {ModelError} if the LoRA belongs to another model */
function checkLayers(lora: LoraFile, places: ReadonlyMap<string, Place>): void {
  const { file, layers } = lora;
  const unknown = [...layers.keys()].filter((layer) => !places.has(layer));
  if (unknown.length > 0) {
    throw new ModelError(
      `${file}: ${unknown.length} of ${layers.size} layers are not in this model: ` +
        listed(unknown, shown),
      { hint: OTHER_MODEL },
    );
  }
  for (const layer of layers.keys()) {
    const shapes = lora.shapes(layer);
    const size = loraSize(shapes);
    if (size === undefined) {
      throw mismatch(lora, layer, `has only ${[...shapes.keys()].join(", ")}`);
    }
    const { target, tensor } = places.get(layer)!;
    const { shape } = target.tensors.entries.get(tensor)!;
    if (size.rows !== shape[0] || size.rows * size.columns !== elementsOf(shape)) {
      const found = `${size.rows}×${size.columns}`;
      throw mismatch(lora, layer, `changes ${found} numbers, the weight is [${shape}]`);
    }
    const magnitude = magnitudePart(shapes);
    if (magnitude && magnitude.count !== shape[magnitude.axis]) {
      throw mismatch(lora, layer, `has ${magnitude.count} magnitudes, the weight is [${shape}]`);
    }
  }
}

/** Weight that a layer of a LoRA changes, and the scale. */
interface ChangedWeight {
  network: string;
  scale: number;
  weight: Float32Array;
  shape: readonly number[];
}

async function changeOf(
  lora: LoraFile,
  layer: string,
  { network, scale, weight, shape }: ChangedWeight,
): Promise<Float32Array> {
  const parts = await lora.parts(layer);
  try {
    const { data } = loraChange(parts, lora.scaling(network))!;
    const magnitude = magnitudePart(lora.shapes(layer));
    const whole = magnitude
      ? decomposedChange(
        weight,
        data,
        { axis: magnitude.axis, values: parts.get(magnitude.part)!.data },
        shape,
      )
      : data;
    return whole.map((value) => scale * value);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw mismatch(lora, layer, `has parts whose sizes do not match: ${error.message}`);
  }
}

function mismatch({ file }: LoraFile, layer: string, what: string): ModelError {
  return new ModelError(`${file}: ${shown(layer)} ${what}`, { hint: OTHER_MODEL });
}
