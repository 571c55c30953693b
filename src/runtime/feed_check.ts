/**
 * Checks of names, types and shapes before a native call. ONNX Runtime skips some of them, and a
 * few mistakes would cause a crash or wrong results instead of an error.
 * @module
 */
import { RuntimeLibraryError } from "../errors.ts";
import type { TensorMetadata } from "./model_metadata.ts";
import type { ProviderRow } from "./providers/provider_row.ts";
import { type Tensor, valueOf } from "./tensor.ts";

/**
 * Checks tensors for every input of the model.
 *
 * @throws {TypeError} for a name that is unknown or missing, a wrong element type, a closed tensor
 * or a detached buffer
 * @throws {RangeError} for a wrong rank or a wrong fixed dimension
 */
export function checkFeeds(
  inputs: readonly TensorMetadata[],
  feeds: Readonly<Record<string, Tensor>>,
): void {
  checkNames("input", inputs, Object.keys(feeds));
  for (const input of inputs) {
    if (!Object.hasOwn(feeds, input.name)) {
      throw new TypeError(`input "${input.name}" is missing; the model wants ${listOf(inputs)}`);
    }
    checkTensor("input", input, feeds[input.name]);
    checkShape("input", input, feeds[input.name]);
  }
}

/**
 * Checks tensors for some outputs of the model. A declared rank of 0 is not compared, because it
 * may mean "no shape declared"; ONNX Runtime compares the computed shape.
 */
export function checkFetches(
  outputs: readonly TensorMetadata[],
  fetches: Readonly<Record<string, Tensor>>,
): void {
  checkOutputNames(outputs, Object.keys(fetches));
  for (const output of outputs) {
    if (!Object.hasOwn(fetches, output.name)) continue;
    checkTensor("output", output, fetches[output.name]);
    if (output.shape.length > 0) checkShape("output", output, fetches[output.name]);
  }
}

/** Checks that there is at least one name and that all are outputs of the model. */
export function checkOutputNames(
  outputs: readonly TensorMetadata[],
  names: readonly string[],
): void {
  checkNames("output", outputs, names);
  if (names.length === 0) throw new TypeError(`no output is requested, wanted ${listOf(outputs)}`);
}

/**
 * Checks that a tensor can be used now.
 *
 * @throws {TypeError} if it is closed or its buffer was transferred
 */
export function checkAlive(role: string, name: string, tensor: Tensor): void {
  if (valueOf(tensor).closed) throw new TypeError(`${role} "${name}" is a closed tensor`);
  if (tensor.data.byteLength === tensor.byteLength) return;
  throw new TypeError(`${role} "${name}" lost its buffer, which was transferred or detached`);
}

const GIB = 2 ** 30;

/**
 * Checks that no tensor is larger than the provider can take in one buffer.
 *
 * @throws {RuntimeLibraryError} with a message that a device pool classifies as out of memory
 */
export function checkBuffers(
  { title, bufferBytes = Infinity }: Pick<ProviderRow, "title" | "bufferBytes">,
  tensors: Readonly<Record<string, Tensor>>,
): void {
  for (const [name, { byteLength }] of Object.entries(tensors)) {
    if (byteLength <= bufferBytes) continue;
    throw new RuntimeLibraryError(
      `out of memory: "${name}" takes ${
        (byteLength / GIB).toFixed(2)
      } GiB, the ${title} provider ` +
        `takes at most ${bufferBytes / GIB} GiB in one buffer`,
      { hint: "--batch_size bounds the rows of a call" },
    );
  }
}

function checkNames(
  role: string,
  declared: readonly TensorMetadata[],
  names: readonly string[],
): void {
  const unknown = names.find((name) => !declared.some((metadata) => metadata.name === name));
  if (unknown === undefined) return;
  throw new TypeError(`the model has no ${role} "${unknown}"; it has ${listOf(declared)}`);
}

function checkTensor(role: string, declared: TensorMetadata, tensor: Tensor): void {
  checkAlive(role, declared.name, tensor);
  if (tensor.type === declared.type) return;
  throw new TypeError(`${role} "${declared.name}" is ${tensor.type}, wanted ${declared.type}`);
}

function checkShape(role: string, declared: TensorMetadata, tensor: Tensor): void {
  const { dims } = tensor;
  const { shape } = declared;
  const fits = dims.length === shape.length &&
    shape.every((size, i) => typeof size === "string" || size === dims[i]);
  if (fits) return;
  throw new RangeError(
    `${role} "${declared.name}" has shape [${dims.join(", ")}], wanted [${shape.join(", ")}]`,
  );
}

function listOf(declared: readonly TensorMetadata[]): string {
  return declared.map(({ name, type, shape }) => `"${name}" ${type} [${shape.join(", ")}]`)
    .join(", ") || "none";
}
