import assert from "node:assert/strict";
import { GraphBuilder } from "../../../src/convert/layers/graph_builder.ts";
import {
  guessedText,
  guessedUnet,
  guessedVae,
} from "../../../src/convert/single_file/guessed_configs.ts";
import { type TextConfig, textConfig } from "../../../src/convert/text_encoder/text_config.ts";
import { buildTextEncoder } from "../../../src/convert/text_encoder/text_graph.ts";
import { type UnetConfig, unetConfig } from "../../../src/convert/unet/unet_config.ts";
import { buildUnet } from "../../../src/convert/unet/unet_graph.ts";
import { vaeConfig } from "../../../src/convert/vae/vae_config.ts";
import { buildVaeDecoder, buildVaeEncoder } from "../../../src/convert/vae/vae_graph.ts";
import { UsageError } from "../../../src/errors.ts";
import type { TensorFile } from "../../../src/formats/tensor_file.ts";

/** Names and shapes that graphs need, without any data. */
function tensorsOf(...builds: ((g: GraphBuilder) => void)[]) {
  const entries = new Map<string, { dtype: "F32"; shape: readonly number[]; length: number }>();
  for (const build of builds) {
    const g = new GraphBuilder("float32", "fp32");
    build(g);
    for (const { name, shape } of g.weights.values()) {
      entries.set(name, { dtype: "F32", shape, length: 4 * shape.reduce((a, b) => a * b, 1) });
    }
  }
  const none = () => Promise.reject(new Error("no data"));
  return { entries, read: none, readBytes: none } satisfies TensorFile;
}

function elements({ entries }: TensorFile): number {
  return [...entries.values()].reduce((sum, { length }) => sum + length / 4, 0);
}

/** The published UNets; parameters and tensors counted by diffusers from its own configurations. */
const SD1: UnetConfig = {
  ...{ channels: 4, outChannels: 4, widths: [320, 640, 1280, 1280], layers: 2 },
  ...{ depths: [1, 1, 1, 0], middleDepth: 1, heads: [8, 8, 8, 8], contextWidth: 768 },
  ...{ linearProjection: false, upcastAttention: false, groups: 32, epsilon: 1e-5 },
  addition: undefined,
};
const UNETS = {
  sd1: [SD1, 859_520_964, 686],
  sd2: [
    {
      ...SD1,
      ...{ heads: [5, 10, 20, 20], contextWidth: 1024, linearProjection: true },
      upcastAttention: true,
    },
    865_910_724,
    686,
  ],
  sdxl: [
    {
      ...SD1,
      ...{ widths: [320, 640, 1280], depths: [0, 2, 10], middleDepth: 10, heads: [5, 10, 20] },
      ...{ contextWidth: 2048, linearProjection: true },
      addition: { frequencies: 256, width: 2816 },
    },
    2_567_463_684,
    1680,
  ],
} satisfies Record<string, [UnetConfig, number, number]>;

for (const kind of ["sd1", "sd2", "sdxl"] as const) {
  Deno.test(`guessedUnet() finds the published ${kind} by its shapes`, () => {
    const [config, parameters, count] = UNETS[kind];
    const tensors = tensorsOf((g) => buildUnet(g, config));
    assert.deepEqual([elements(tensors), tensors.entries.size], [parameters, count]);
    const json = guessedUnet(tensors, { file: "sd.safetensors", kind });
    assert.deepEqual(unetConfig(json, "guess"), config);
    assert.equal(json.sample_size, kind === "sdxl" ? 128 : 64);
  });
}

Deno.test("guessedUnet() wants a configuration where the sizes are not published", () => {
  const tensors = tensorsOf((g) => buildUnet(g, { ...SD1, widths: [64, 128, 128, 128] }));
  assert.throws(
    () => guessedUnet(tensors, { file: "tiny.safetensors", kind: "sd1" }),
    (error: Error) =>
      error instanceof UsageError &&
      /^tiny\.safetensors: .* 64, 128, 128, 128 .* 320: wanted configPath DIR$/.test(
        error.message,
      ),
  );
});

Deno.test("guessedVae() finds the published autoencoder by its shapes", () => {
  const json = { block_out_channels: [128, 256, 512, 512], layers_per_block: 2 };
  const config = vaeConfig(json, "published");
  const tensors = tensorsOf(
    (g) => buildVaeDecoder(g, config),
    (g) => buildVaeEncoder(g, config),
  );
  assert.deepEqual([elements(tensors), tensors.entries.size], [83_653_863, 248]);
  for (const [kind, scalingFactor] of [["sd1", 0.18215], ["sdxl", 0.13025]] as const) {
    const guess = guessedVae(tensors, { file: "sd.safetensors", kind });
    assert.deepEqual(vaeConfig(guess, "guess"), { ...config, scalingFactor });
  }
});

/** ViT-L, ViT-H without its last layer, bigG with its projection. */
const ENCODERS: [config: Partial<TextConfig>, parameters: number, tensors: number][] = [
  [{}, 123_060_480, 196],
  [
    { width: 1024, mlpWidth: 4096, layers: 23, heads: 16, activation: "gelu" },
    340_387_840,
    372,
  ],
  [
    { width: 1280, mlpWidth: 5120, layers: 32, heads: 20, activation: "gelu", projection: 1280 },
    694_659_840,
    517,
  ],
];
for (const [changes, parameters, count] of ENCODERS) {
  Deno.test(`guessedText() finds the published encoder of ${parameters} parameters by its shapes`, () => {
    const config: TextConfig = {
      ...{ vocabulary: 49408, positions: 77, width: 768, mlpWidth: 3072, layers: 12, heads: 12 },
      ...{ activation: "quick_gelu", endToken: undefined, projection: undefined },
      ...changes,
    };
    const tensors = tensorsOf((g) => buildTextEncoder(g, config));
    assert.deepEqual([elements(tensors), tensors.entries.size], [parameters, count]);
    const openClip = config.activation === "gelu";
    const guess = guessedText(tensors, { file: "sd.safetensors", openClip });
    assert.deepEqual(textConfig(guess, "guess"), config);
  });
}
