/** Describes a file, recognised by its first bytes. @module */
import { FormatError } from "../../errors.ts";
import { FileSource } from "../../formats/file_source.ts";
import {
  HEAD_BYTES,
  type KnownKind,
  recognise,
  refuseForeign,
} from "../../formats/foreign_file.ts";
import { verifyImage } from "../../images/image_file.ts";
import { verifyJpeg } from "../../images/jpeg.ts";
import { isJsonObject, readJson } from "../../formats/json.ts";
import { type NpyArray, readNpy } from "../../formats/npy/npy.ts";
import { isShardIndex } from "../../formats/open_tensors.ts";
import { readPngText } from "../../images/png_text.ts";
import { fileFact } from "./file_fact.ts";
import { inspectOnnx } from "./onnx_report.ts";
import type { InspectOptions, Report } from "./report.ts";
import { inspectTensors } from "./tensor_report.ts";

/** Kind of a file by its first bytes; the name decides only if they are ambiguous. */
type FileKind = "tensors" | "npy" | "png" | "jpeg" | "json" | "onnx";

/** Maximum size of files that are read whole. */
const MAX_WHOLE = 2 ** 30;
/** First byte of usual ONNX files: the tag of field 1, an integer. */
const IR_VERSION = 0x08;

const KINDS: Partial<Record<KnownKind, FileKind>> = {
  torch: "tensors",
  zip: "tensors",
  safetensors: "tensors",
  npy: "npy",
  png: "png",
  jpeg: "jpeg",
  json: "json",
};

/**
 * Describes a file.
 *
 * @throws {FormatError} when it is damaged or of an unknown kind
 */
export async function inspectFile(path: string, options: InspectOptions): Promise<Report> {
  const kind = await kindOf(path);
  switch (kind) {
    case "tensors":
      return await inspectTensors(path, options);
    case "onnx":
      return await inspectOnnx(path, options);
    default:
      return await inspectWhole(path, kind, options);
  }
}

async function kindOf(path: string): Promise<FileKind> {
  using source = FileSource.open(path);
  const head = await source.read(0, HEAD_BYTES);
  const found = recognise(head)?.kind;
  if (found === "json" && isShardIndex(path)) return "tensors";
  if (found !== undefined && found in KINDS) return KINDS[found]!;
  refuseForeign(head, { file: path, wanted: "a file that inspect knows" });
  if (/\.(pt|pth|bin|ckpt|safetensors)$/.test(path)) return "tensors";
  if (path.endsWith(".onnx") || head[0] === IR_VERSION) return "onnx";
  throw new FormatError(
    `${path} is none of the files that inspect knows: a PyTorch checkpoint, safetensors, ` +
      "….index.json, ONNX, npy, PNG, JPEG or JSON",
  );
}

async function inspectWhole(
  path: string,
  kind: Exclude<FileKind, "tensors" | "onnx">,
  options: InspectOptions,
): Promise<Report> {
  const file = await fileFact(path, options);
  if (file.size > MAX_WHOLE) {
    throw new FormatError(`${path}: ${file.size} bytes of ${kind}, wanted at most ${MAX_WHOLE}`);
  }
  const bytes = await Deno.readFile(path);
  return { path, kind, files: [file], ...readers[kind](bytes, path) };
}

type Reading = Pick<Report, "what" | "facts" | "problems">;

const readers: Record<
  Exclude<FileKind, "tensors" | "onnx">,
  (bytes: Uint8Array, file: string) => Reading
> = {
  npy(bytes, file) {
    const { dtype, shape, data } = readNpy(bytes, { file });
    const bad = countNonFinite(data);
    return {
      what: "NumPy array",
      facts: { dtype, shape: `[${shape.join(", ")}]`, elements: data.length },
      problems: bad > 0 ? [`${bad} elements are NaN or infinite`] : [],
    };
  },
  png(bytes, file) {
    const texts = [...readPngText(bytes, { file }).keys()];
    return {
      what: "PNG image",
      facts: { ...imageFacts(bytes, file), texts: texts.join(", ") || null },
      problems: [],
    };
  },
  jpeg(bytes, file) {
    return {
      what: "JPEG image",
      facts: { ...imageFacts(bytes, file), colours: verifyJpeg(bytes, { file }).colours },
      problems: [],
    };
  },
  json(bytes, file) {
    const value = readJson(bytes, { file, nonFinite: true });
    const keys = isJsonObject(value) ? Object.keys(value) : [];
    return {
      what: isJsonObject(value) ? "JSON object" : "JSON value",
      facts: { keys: keys.slice(0, 20).join(", ") || null },
      problems: [],
    };
  },
};

function imageFacts(bytes: Uint8Array, file: string): Report["facts"] {
  const { width, height, orientation, length } = verifyImage(bytes, { file });
  const surplus = bytes.length - length;
  return {
    ...{ size: `${width}x${height}`, orientation },
    ...(surplus > 0 ? { "after it": `${surplus} bytes that are no part of the image` } : {}),
  };
}

function countNonFinite(data: NpyArray["data"]): number {
  let count = 0;
  for (const x of data) if (typeof x === "number" && !Number.isFinite(x)) count++;
  return count;
}
