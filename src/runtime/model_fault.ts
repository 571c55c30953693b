/**
 * Errors of loading a model: an invalid model, a missing permission, or a failure of ONNX Runtime.
 * @module
 */
import { quoteWord } from "../text.ts";
import { type OrtError, trimOrtMessage } from "../../ffi/status.ts";
import { ModelError, type ParataaError, PermissionError, RuntimeLibraryError } from "../errors.ts";
import type { ProviderRow } from "./providers/provider_row.ts";

// Failures that ONNX Runtime reports with the same codes as an invalid model.
const NOT_THE_MODEL =
  /Failed to allocate memory|bad_alloc|CUDA failure|CUDNN failure|CUBLAS failure/;

const UNPARSABLE = /Protobuf parsing failed/;

/**
 * Checks a model's path without ONNX Runtime, whose native reads ignore `--allow-read`. Symbolic
 * links are followed, and their targets must be granted too.
 *
 * @param path path of the model
 * @throws {PermissionError} if reading it or the target of a link is not granted
 * @throws {ModelError} if it is missing, a folder or empty
 */
export async function checkModelPath(path: string): Promise<void> {
  await requireRead(path, path);
  let target: string;
  let info: Deno.FileInfo;
  try {
    target = await Deno.realPath(path);
    await requireRead(target, path);
    info = await Deno.stat(target);
  } catch (cause) {
    if (cause instanceof PermissionError) throw cause;
    if (cause instanceof Deno.errors.NotFound) throw fault(path, "there is no such file", cause);
    throw fault(path, cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (info.isDirectory) throw fault(path, "it is a folder, wanted an ONNX file");
  if (info.size === 0) throw fault(path, "the file is empty");
}

/** Checks a permission, so that Deno does not prompt. */
async function requireRead(target: string, path: string): Promise<void> {
  const { state } = await Deno.permissions.query({ name: "read", path: target });
  if (state === "granted") return;
  const link = target === path ? "" : `, which leads to ${target}`;
  throw new PermissionError(`cannot load model ${path}${link}: reading is not granted`, {
    hint: `run again with --allow-read=${target}`,
  });
}

/** A model that cannot be loaded. */
export function fault(model: string, reason: string, cause?: unknown): ModelError {
  return new ModelError(`cannot load model ${model}: ${reason}`, { cause });
}

/**
 * Translates an error of ONNX Runtime that occurred while a session was created.
 *
 * @param model path of the model, or another name for it
 * @param error the error
 * @param row the session's provider
 */
export function translateLoadError(
  model: string,
  error: OrtError,
  { blames }: Pick<ProviderRow, "blames"> = {},
): ParataaError {
  const text = trimOrtMessage(error.ortMessage)
    .replace(/^Load model from .*? failed: ?/, "")
    .replace(/[.\s]+$/, "");
  if (error.ortCodeName === "EP_FAIL" || NOT_THE_MODEL.test(text) || blames?.test(text)) {
    return new RuntimeLibraryError(`cannot create a session for model ${model}: ${text}`, {
      cause: error,
    });
  }
  const hint = UNPARSABLE.test(text)
    ? `the file is damaged or cut short: inspect ${quoteWord(model)} says where`
    : undefined;
  return new ModelError(`cannot load model ${model}: ${text}`, { cause: error, hint });
}
