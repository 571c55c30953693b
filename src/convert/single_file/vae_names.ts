/** Maps names of an autoencoder in single files of Stable Diffusion to diffusers'. @module */
import type { TensorFile } from "../../formats/tensor_file.ts";
import { addView, type TensorView } from "../tensor_views.ts";

const ATTENTION: Readonly<Record<string, string>> = {
  norm: "group_norm",
  q: "to_q",
  k: "to_k",
  v: "to_v",
  proj_out: "to_out.0",
};

/**
 * Views of an autoencoder's tensors under diffusers' names. Single files store the matrices of its
 * attention as convolutions of 1×1.
 *
 * @param names tensors of `file` by their names without the prefix of the autoencoder
 */
export function vaeViews(
  { entries }: TensorFile,
  names: ReadonlyMap<string, string>,
): Map<string, TensorView> {
  const levels = [...names.keys()].reduce((most, name) => {
    const level = /^decoder\.up\.(\d+)\./.exec(name)?.[1];
    return level === undefined ? most : Math.max(most, Number(level) + 1);
  }, 0);
  const views = new Map<string, TensorView>();
  for (const [name, source] of names) {
    const renamed = vaeName(name, levels);
    const { shape } = entries.get(source)!;
    const isMatrix = /\.attentions\.0\.to_.*\.weight$/.test(renamed) && shape.length === 4 &&
      shape[2] === 1 && shape[3] === 1;
    addView(views, renamed, { source, shape: isMatrix ? shape.slice(0, 2) : undefined });
  }
  return views;
}

function vaeName(name: string, levels: number): string {
  return name
    .replace(
      /\.mid\.attn_1\.(norm|q|k|v|proj_out)\./,
      (_, layer) => `.mid_block.attentions.0.${ATTENTION[layer]}.`,
    )
    .replace(/\.mid\.block_([12])\./, (_, place) => `.mid_block.resnets.${place - 1}.`)
    .replace(/^encoder\.down\.(\d+)\./, "encoder.down_blocks.$1.")
    .replace(/^decoder\.up\.(\d+)\./, (_, level) => `decoder.up_blocks.${levels - 1 - level}.`)
    .replace(/\.block\.(\d+)\./, ".resnets.$1.")
    .replace(/\.(down|up)sample\.conv\./, ".$1samplers.0.conv.")
    .replace(/\.nin_shortcut\./, ".conv_shortcut.")
    .replace(/^(en|de)coder\.norm_out\./, "$1coder.conv_norm_out.");
}
