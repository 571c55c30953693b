import assert from "node:assert/strict";
import { GraphBuilder } from "../../src/convert/graph_builder.ts";
import { guessedText, guessedVae } from "../../src/convert/single_file/guessed_configs.ts";
import { openSingleFile } from "../../src/convert/single_file/single_file.ts";
import { textConfig } from "../../src/convert/text_encoder/text_config.ts";
import { buildTextEncoder } from "../../src/convert/text_encoder/text_graph.ts";
import { unetConfig } from "../../src/convert/unet/unet_config.ts";
import { buildUnet } from "../../src/convert/unet/unet_graph.ts";
import { vaeConfig } from "../../src/convert/vae/vae_config.ts";
import { buildVaeDecoder } from "../../src/convert/vae/vae_graph.ts";
import { FormatError, ModelError, UsageError } from "../../src/errors.ts";
import { isJsonObject, type JsonObject, readJson } from "../../src/formats/json.ts";
import type { TensorFile } from "../../src/formats/tensor_file.ts";
import { fuzz, type FuzzTarget } from "../support/fuzz.ts";
import { readConfig, readTensors } from "./sd_fixture.ts";

const COUNT = 1000;
/** Of mutants that take ten times as long. */
const FEW = COUNT / 5;
const SEED = 20261129;

/** A parser of JSON whose refusals count as those of a format. */
function ofJson(parse: (json: JsonObject) => unknown): FuzzTarget["parse"] {
  return (bytes) => {
    const json = readJson(bytes, { file: "a.json", nonFinite: true });
    try {
      return isJsonObject(json) ? parse(json) : undefined;
    } catch (error) {
      const refused = error instanceof ModelError || error instanceof UsageError;
      throw refused ? new FormatError(error.message) : error;
    }
  };
}

function bytesOf(json: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(json));
}

/** Numbers of nodes and weights of a graph. */
function sizeOf(build: (g: GraphBuilder) => void): number[] {
  const g = new GraphBuilder("float32", "fp32");
  build(g);
  return [g.nodes.length, g.weights.size];
}

const TOKENS = ["0", "1", "-1", "1e9", "65536", "0.5", "null", "true", "[]", "[8,8]", '"gelu"']
  .concat(['"text_time"', '"CrossAttnDownBlock2D"', '"DownBlock2D"', "{}", "NaN", '"'], ["]", ","]);

const CONFIGS: [name: string, json: JsonObject, parse: (json: JsonObject) => unknown][] = [
  ["unet", readConfig("sd1/unet/config.json"), (json) => {
    const config = unetConfig(json, "unet");
    return sizeOf((g) => buildUnet(g, config));
  }],
  ["text_encoder", readConfig("sd1/text_encoder/config.json"), (json) => {
    const config = textConfig(json, "text");
    return sizeOf((g) => buildTextEncoder(g, config));
  }],
  ["vae", readConfig("sd1/vae/config.json"), (json) => {
    const config = vaeConfig(json, "vae");
    return sizeOf((g) => buildVaeDecoder(g, config));
  }],
];
for (const [name, json, parse] of CONFIGS) {
  Deno.test(`configurations of ${name} are read or refused, ${COUNT} mutants, seed ${SEED}`, async () => {
    const target = { name: "config", parse: ofJson(parse), seeds: [bytesOf(json)], tokens: TOKENS };
    const { accepted, refused, slowestMs } = await fuzz(target, { count: COUNT, seed: SEED });
    assert.ok(accepted > COUNT / 20, `${accepted} accepted`);
    assert.ok(refused > COUNT / 10, `${refused} refused`);
    assert.ok(slowestMs < 20_000, `${slowestMs} ms`);
  });
}

/** A file of these names and shapes, without data. */
function withoutData(shapes: JsonObject): TensorFile {
  const entries = new Map<string, { dtype: "F32"; shape: number[]; length: number }>();
  for (const [name, shape] of Object.entries(shapes)) {
    const sizes = Array.isArray(shape) ? shape.map(Number) : [];
    if (!sizes.every((size) => Number.isSafeInteger(size) && size >= 0)) continue;
    entries.set(name, { dtype: "F32", shape: sizes, length: 4 * sizes.reduce((a, b) => a * b, 1) });
  }
  const none = () => Promise.reject(new Error("no data"));
  return { entries, read: none, readBytes: none };
}

Deno.test(`names and shapes of single files are read or refused, ${FEW} mutants, seed ${SEED}`, async () => {
  const shapes: Record<string, readonly number[]> = {};
  for (const [name, { shape }] of readTensors("sd2.safetensors")) shapes[name] = shape;
  const parse = ofJson((json) => {
    const file = "sd2.safetensors";
    const { kind, unet, texts, vae } = openSingleFile(withoutData(json), { file });
    for (const tensors of texts) textConfig(guessedText(tensors, { file, openClip: true }), file);
    return [kind, unet.entries.size, vae && guessedVae(vae, { file, kind })];
  });
  const tokens = [...TOKENS, "model_ema.", "lora_", "input_blocks.99.0.op", ".0.weight", "[9,9]"];
  const target = { name: "single_file", parse, seeds: [bytesOf(shapes)], tokens };
  const { accepted, refused, slowestMs } = await fuzz(target, { count: FEW, seed: SEED });
  assert.ok(accepted > FEW / 20, `${accepted} accepted`);
  assert.ok(refused > FEW / 10, `${refused} refused`);
  assert.ok(slowestMs < 20_000, `${slowestMs} ms`);
});
