/** Maps names of a UNet between single files of Stable Diffusion and diffusers. @module */

const FIXED: Readonly<Record<string, string>> = {
  "time_embed.0": "time_embedding.linear_1",
  "time_embed.2": "time_embedding.linear_2",
  "label_emb.0.0": "add_embedding.linear_1",
  "label_emb.0.2": "add_embedding.linear_2",
  "input_blocks.0.0": "conv_in",
  "out.0": "conv_norm_out",
  "out.2": "conv_out",
};
const RESNET: Readonly<Record<string, string>> = {
  "in_layers.0": "norm1",
  "in_layers.2": "conv1",
  "emb_layers.1": "time_emb_proj",
  "out_layers.0": "norm2",
  "out_layers.3": "conv2",
  "skip_connection": "conv_shortcut",
};
const MIDDLE = ["resnets.0", "attentions.0", "resnets.1"];

/**
 * Returns the function from a name without `model.diffusion_model.` to diffusers' name. It returns
 * other names unchanged.
 *
 * @param names all names; the downsampling layers among them show where levels end
 */
export function unetNames(names: Iterable<string>): (name: string) => string {
  const layers = layersPerLevel([...names]);
  return (name) => {
    const [, stem, kind] = /^(.*)\.(weight|bias)$/.exec(name) ?? [];
    const renamed = stem === undefined ? undefined : FIXED[stem] ?? blockName(stem, layers);
    return renamed === undefined ? name : `${renamed}.${kind}`;
  };
}

/** Residual blocks of a level: the first downsampling layer follows the first level. */
function layersPerLevel(names: readonly string[]): number {
  const places = (pattern: RegExp) =>
    names.map((name) => pattern.exec(name)?.[1]).filter((place) => place !== undefined).map(Number);
  const downsamplers = places(/^input_blocks\.(\d+)\.0\.op\.weight$/);
  if (downsamplers.length > 0) return downsamplers.reduce((a, b) => Math.min(a, b)) - 1;
  return places(/^input_blocks\.(\d+)\./).reduce((a, b) => Math.max(a, b), 0);
}

function blockName(stem: string, layers: number): string | undefined {
  const [, place, rest] = /^middle_block\.([012])\.(.+)$/.exec(stem) ?? [];
  if (place !== undefined) return inner(`mid_block.${MIDDLE[Number(place)]}`, rest);
  const [, way, index, part, last] = /^(input|output)_blocks\.(\d+)\.(\d)\.(.+)$/.exec(stem) ?? [];
  if (way === undefined) return undefined;
  const first = way === "input" ? Number(index) - 1 : Number(index);
  const [level, j] = [Math.floor(first / (layers + 1)), first % (layers + 1)];
  const block = `${way === "input" ? "down" : "up"}_blocks.${level}`;
  if (last === "op") return `${block}.downsamplers.0.conv`;
  if (last === "conv") return `${block}.upsamplers.0.conv`;
  return inner(`${block}.${part === "0" ? "resnets" : "attentions"}.${j}`, last);
}

/** A layer of a residual block, or of a transformer, whose layers keep their names. */
function inner(block: string, layer: string): string | undefined {
  if (!block.includes(".resnets.")) return `${block}.${layer}`;
  return RESNET[layer] === undefined ? undefined : `${block}.${RESNET[layer]}`;
}

/**
 * Returns the function from a layer's name in a diffusers folder to its name in a single file;
 * `undefined` if there is none.
 *
 * @param names of the folder's tensors
 */
export function ldmLayers(names: Iterable<string>): (layer: string) => string | undefined {
  const known = new Set(names);
  let layers = 0;
  while (known.has(`down_blocks.0.resnets.${layers}.conv1.weight`)) layers++;
  const hasAttention = (level: number) => known.has(`up_blocks.${level}.attentions.0.norm.weight`);
  return (layer) => keyOf(FIXED, layer) ?? ldmBlock(layer, layers, hasAttention);
}

function ldmBlock(
  layer: string,
  layers: number,
  hasAttention: (upLevel: number) => boolean,
): string | undefined {
  const [, middle, inMiddle] = /^mid_block\.(\w+\.\d)\.(.+)$/.exec(layer) ?? [];
  if (middle !== undefined) {
    return `middle_block.${MIDDLE.indexOf(middle)}.${keyOf(RESNET, inMiddle) ?? inMiddle}`;
  }
  const [, way, level, kind, place, rest] =
    /^(down|up)_blocks\.(\d+)\.(\w+)\.(\d+)\.(.+)$/.exec(layer) ?? [];
  if (way === undefined) return undefined;
  const first = Number(level) * (layers + 1) + (way === "down" ? 1 : 0);
  const block = `${way === "down" ? "input" : "output"}_blocks`;
  if (kind === "downsamplers") return `${block}.${first + layers}.0.op`;
  if (kind === "upsamplers") {
    return `${block}.${first + layers}.${hasAttention(Number(level)) ? 2 : 1}.conv`;
  }
  const part = kind === "resnets" ? 0 : 1;
  return `${block}.${first + Number(place)}.${part}.${keyOf(RESNET, rest) ?? rest}`;
}

function keyOf(table: Readonly<Record<string, string>>, value: string): string | undefined {
  return Object.keys(table).find((key) => table[key] === value);
}
