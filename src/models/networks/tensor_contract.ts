/**
 * Validates single inputs and outputs of a network. Messages name what was found and what is
 * wanted.
 * @module
 */
import { ModelError } from "../../errors.ts";
import type { TensorMetadata } from "../../runtime/model_metadata.ts";
import type { TensorType } from "../../runtime/tensor_type.ts";

/** An input or output whose element type fits a typed array. */
export type CheckedTensor = TensorMetadata & { readonly type: TensorType };

/** Element types of latents, noise and images. */
export const FLOAT_TYPES: readonly TensorType[] = ["float32", "float16", "float64"];

/** Returns the tensor if its type is one of `types`. @throws {ModelError} if it is not */
export function expectType(
  file: string,
  tensor: TensorMetadata,
  types: readonly TensorType[],
): CheckedTensor {
  const type = types.find((type) => type === tensor.type);
  if (type) return { ...tensor, type };
  throw new ModelError(
    `${file}: ${tensor.name} is ${tensor.type}, wanted one of ${types.join(", ")}`,
  );
}

/** Validates the rank. @throws {ModelError} unless `meaning` names each dimension of the tensor */
export function expectRank(file: string, tensor: TensorMetadata, meaning: readonly string[]): void {
  if (tensor.shape.length === meaning.length) return;
  throw new ModelError(
    `${file}: ${tensor.name} is ${shapeText(tensor)}, wanted [${meaning.join(", ")}]`,
  );
}

/** Size of a dimension, `undefined` if it is symbolic. */
export function fixedSize(dim: number | string): number | undefined {
  return typeof dim === "number" ? dim : undefined;
}

/** Describes a shape: `[batch, 4, 8, 8]`, or `a scalar`. */
export function shapeText(tensor: TensorMetadata): string {
  return tensor.shape.length === 0 ? "a scalar" : `[${tensor.shape.join(", ")}]`;
}

/** Most tensors that a message lists. */
const MAX_NAMED = 10;

/** Lists tensors, at most ten: `sample float32 [batch, 4, 8, 8], …`, or `none`. */
export function listTensors(tensors: readonly TensorMetadata[]): string {
  const named = tensors.slice(0, MAX_NAMED)
    .map((tensor) => `${tensor.name} ${tensor.type} ${shapeText(tensor)}`);
  const more = tensors.length - named.length;
  return (named.join(", ") || "none") + (more > 0 ? ` and ${more} more` : "");
}
