/** What the fuzz tests feed to the converter of Stable Diffusion. @module */
import { GraphBuilder } from "../../src/convert/layers/graph_builder.ts";
import { LoraFile } from "../../src/convert/lora/lora_file.ts";
import { mergeLoras } from "../../src/convert/lora/merge_lora.ts";
import { guessedText, guessedVae } from "../../src/convert/single_file/guessed_configs.ts";
import { openSingleFile } from "../../src/convert/single_file/single_file.ts";
import { convertTextEncoder } from "../../src/convert/text_encoder/convert_text_encoder.ts";
import { textConfig } from "../../src/convert/text_encoder/text_config.ts";
import { buildTextEncoder } from "../../src/convert/text_encoder/text_graph.ts";
import { convertUnet } from "../../src/convert/unet/convert_unet.ts";
import { unetConfig } from "../../src/convert/unet/unet_config.ts";
import { buildUnet } from "../../src/convert/unet/unet_graph.ts";
import { vaeConfig } from "../../src/convert/vae/vae_config.ts";
import { buildVaeDecoder } from "../../src/convert/vae/vae_graph.ts";
import { FormatError, ModelError, UsageError } from "../../src/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue, readJson } from "../../src/formats/json.ts";
import { SafetensorsFile } from "../../src/formats/safetensors/safetensors.ts";
import type { TensorFile } from "../../src/formats/tensor_file.ts";
import type { FuzzTarget } from "../support/fuzz.ts";
import { asFile, WEIGHTS_FILE } from "./network_fixture.ts";
import { readConfig, readTensors, SD_FIXTURES } from "./sd_fixture.ts";

/** A parser whose refusals count as those of a format. */
function refusing(parse: FuzzTarget["parse"]): FuzzTarget["parse"] {
  return async (bytes) => {
    try {
      return await parse(bytes);
    } catch (error) {
      const refused = error instanceof ModelError || error instanceof UsageError;
      throw refused ? new FormatError(error.message) : error;
    }
  };
}

function ofJson(parse: (json: JsonObject) => unknown): FuzzTarget["parse"] {
  return refusing(async (bytes) => {
    const json = readJson(bytes, { file: "a.json", nonFinite: true });
    return isJsonObject(json) ? await parse(json) : undefined;
  });
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
const NAME_TOKENS = [...TOKENS, "model_ema.", "lora_", "input_blocks.99.0.op", ".0.weight", "[9,9]"]
  .concat(["hada_w1_a", "lokr_w2", ".alpha", "dora_scale", "F64", "I8", "F8_E4M3"]);

function config(
  name: string,
  file: string,
  parse: (json: JsonObject) => (g: GraphBuilder) => void,
): FuzzTarget {
  const seeds = [bytesOf(readConfig(file))];
  return { name, parse: ofJson((json) => sizeOf(parse(json))), seeds, tokens: TOKENS };
}

/** `config.json` of each network, to a graph. */
export const CONFIG_TARGETS: readonly FuzzTarget[] = [
  config("unet_config", "sd1/unet/config.json", (json) => {
    const config = unetConfig(json, "unet");
    return (g) => buildUnet(g, config);
  }),
  config("text_config", "sd1/text_encoder/config.json", (json) => {
    const config = textConfig(json, "text");
    return (g) => buildTextEncoder(g, config);
  }),
  config("vae_config", "sd1/vae/config.json", (json) => {
    const config = vaeConfig(json, "vae");
    return (g) => buildVaeDecoder(g, config);
  }),
];

/** Largest tensor that a mutant may read. */
const MAX_BYTES = 2 ** 26;

function isSize(size: JsonValue): size is number {
  return typeof size === "number" && Number.isSafeInteger(size) && size >= 0;
}

/** A file of these names and shapes that holds zeros. */
function zeros(shapes: JsonObject): TensorFile {
  const entries = new Map<string, { dtype: "F32"; shape: number[]; length: number }>();
  for (const [name, shape] of Object.entries(shapes)) {
    const sizes = Array.isArray(shape) ? shape : [];
    if (!sizes.every(isSize)) continue;
    entries.set(name, { dtype: "F32", shape: sizes, length: 4 * sizes.reduce((a, b) => a * b, 1) });
  }
  const readBytes: TensorFile["readBytes"] = (_, { length }) =>
    length <= MAX_BYTES
      ? Promise.resolve(new Uint8Array(length))
      : Promise.reject(new FormatError("the file ends before the tensor does"));
  return { entries, read: () => Promise.reject(new Error("not read")), readBytes };
}

function shapesOf(file: string): Record<string, number[]> {
  return Object.fromEntries([...readTensors(file)].map(([name, { shape }]) => [name, [...shape]]));
}

const SD2 = "sd2.safetensors";

/** Names and shapes of a single file, to configurations. */
export const NAMES_TARGET: FuzzTarget = {
  name: "single_file",
  parse: ofJson((json) => {
    const { kind, unet, texts, vae } = openSingleFile(zeros(json), { file: SD2 });
    for (const tensors of texts) {
      textConfig(guessedText(tensors, { file: SD2, openClip: true }), SD2);
    }
    return [kind, unet.entries.size, vae && guessedVae(vae, { file: SD2, kind })];
  }),
  seeds: [bytesOf(shapesOf(SD2))],
  tokens: NAME_TOKENS,
};

/** Length and header of a safetensors file, and the bytes behind them. */
function split(file: string): { header: Uint8Array; data: number } {
  const bytes = Deno.readFileSync(`${SD_FIXTURES}/${file}`);
  const end = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  return { header: bytes.subarray(0, end), data: bytes.length - end };
}

/** A file of this header and zeros behind it. */
function withZeros(header: Uint8Array, data: number): Promise<SafetensorsFile> {
  const size = header.length + data;
  return SafetensorsFile.open({
    size,
    read: (offset, length) => {
      const bytes = new Uint8Array(length);
      bytes.set(header.subarray(offset, offset + length));
      return Promise.resolve(bytes);
    },
  });
}

/** Writes the length of the header again. */
function repair(bytes: Uint8Array): Uint8Array {
  const out = bytes.slice();
  if (out.length >= 8) {
    new DataView(out.buffer).setBigUint64(0, BigInt(out.length - 8), true);
  }
  return out;
}

const single = split(SD2);
const sd2 = {
  unet: unetConfig(readConfig("sd2/unet/config.json"), "unet"),
  text: textConfig(readConfig("sd2/text_encoder/config.json"), "text"),
};

/** Header of a single file, to networks. Few mutants keep all offsets right and are accepted. */
export const HEADER_TARGET: FuzzTarget = {
  name: "single_file_header",
  parse: refusing(async (bytes) => {
    const tensors = await withZeros(bytes, single.data);
    const { unet, texts } = openSingleFile(tensors, { file: SD2 });
    const options = { file: SD2, weightsFile: WEIGHTS_FILE };
    const { weightsSize } = convertTextEncoder(texts[0], sd2.text, options);
    return [weightsSize, convertUnet(unet, sd2.unet, options).weightsSize];
  }),
  seeds: [single.header],
  tokens: NAME_TOKENS,
  repair,
};

const base = [
  {
    name: "unet",
    tensors: await asFile(readTensors("sd1/unet/diffusion_pytorch_model.safetensors")),
  },
  {
    name: "text_encoder",
    tensors: await asFile(readTensors("sd1/text_encoder/model.safetensors")),
  },
];
/** Layers of a LoRA to mutate: of a whole one nearly every mutant is refused for a wrong name. */
const LAYERS = 6;

function lora(kind: string): FuzzTarget {
  const all = shapesOf(`lora/${kind}.safetensors`);
  const { layers } = LoraFile.of(zeros(all), kind);
  const names = [...layers.values()].slice(0, LAYERS).flatMap((parts) => [...parts.values()]);
  return {
    name: `lora_${kind}`,
    parse: ofJson(async (json) => {
      const lora = LoraFile.of(zeros(json), `${kind}.safetensors`);
      for (const merged of mergeLoras(base, [{ lora, scale: 0.5 }])) {
        const changed = [...merged.entries].filter(([, { dtype }]) => dtype === "F32");
        for (const [name] of changed.slice(0, LAYERS)) await merged.read(name);
      }
      return lora.layers.size;
    }),
    seeds: [bytesOf(Object.fromEntries(names.map((name) => [name, all[name]])))],
    tokens: NAME_TOKENS,
  };
}

/** Names and shapes of LoRA files, to merged weights. */
export const LORA_TARGETS: readonly FuzzTarget[] = ["kohya", "peft", "loha", "lokr"].map(lora);
