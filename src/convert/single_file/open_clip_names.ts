/** Maps names of OpenCLIP's text encoder to those of transformers' CLIPTextModel. @module */
import type { TensorFile } from "../../formats/tensor_file.ts";
import { addView, type TensorView } from "../tensor_views.ts";

const FIXED: Readonly<Record<string, string>> = {
  "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
  "positional_embedding": "text_model.embeddings.position_embedding.weight",
  "ln_final.weight": "text_model.final_layer_norm.weight",
  "ln_final.bias": "text_model.final_layer_norm.bias",
};
const LAYERS: Readonly<Record<string, string>> = {
  "ln_1": "layer_norm1",
  "ln_2": "layer_norm2",
  "mlp.c_fc": "mlp.fc1",
  "mlp.c_proj": "mlp.fc2",
  "attn.out_proj": "self_attn.out_proj",
};
const BLOCK = /^transformer\.resblocks\.(\d+)\.(.+)$/;
const STACKED = ["q_proj", "k_proj", "v_proj"];
/** Tensors that text encoders do not use. */
const UNUSED = ["logit_scale", "attn_mask"];

/** Options of {@link openClipViews}. */
export interface OpenClipOptions {
  /** Omit the last layer and the projection, as Stable Diffusion 2 does; SDXL uses both. */
  penultimate: boolean;
}

/**
 * Views of the encoder's tensors under transformers' names. Queries, keys and values are stacked in
 * one matrix, and the projection is stored transposed.
 *
 * @param names tensors of `file` by their names without the prefix of the encoder
 */
export function openClipViews(
  { entries }: TensorFile,
  names: ReadonlyMap<string, string>,
  { penultimate }: OpenClipOptions,
): Map<string, TensorView> {
  const blocks = [...names.keys()].map((name) => Number(BLOCK.exec(name)?.[1] ?? -1));
  const last = blocks.reduce((a, b) => Math.max(a, b), -1);
  const views = new Map<string, TensorView>();
  for (const [name, source] of names) {
    const [, index, rest] = BLOCK.exec(name) ?? [];
    if (UNUSED.includes(name) || (penultimate && Number(index) === last)) continue;
    if (name === "text_projection") {
      if (!penultimate) addView(views, "text_projection.weight", { source, transposed: true });
    } else if (index === undefined) {
      addView(views, FIXED[name] ?? name, { source });
    } else {
      const layer = `text_model.encoder.layers.${index}`;
      for (const [own, view] of layerViews(rest, source, entries.get(source)!.shape)) {
        addView(views, `${layer}.${own}`, view);
      }
    }
  }
  return views;
}

function layerViews(
  name: string,
  source: string,
  [stacked]: readonly number[],
): [name: string, view: TensorView][] {
  const kind = /^attn\.in_proj_(weight|bias)$/.exec(name)?.[1];
  if (kind !== undefined && stacked % 3 === 0) {
    const rows = stacked / 3;
    return STACKED.map((part, i) => [
      `self_attn.${part}.${kind}`,
      { source, part: { first: i * rows, rows } },
    ]);
  }
  return [[
    name.replace(
      /^(.+)\.(weight|bias)$/,
      (whole, layer, kind) => LAYERS[layer] === undefined ? whole : `${LAYERS[layer]}.${kind}`,
    ),
    { source },
  ]];
}
