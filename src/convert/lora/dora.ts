/**
 * DoRA: a LoRA that also sets the norm of each output or input of a layer (Liu et al., "DoRA:
 * weight-decomposed low-rank adaptation", 2024).
 * @module
 */
import { elementsOf } from "../../elements_of.ts";
import type { LoraPart } from "./lora_names.ts";

/** Axis of a weight whose elements have a norm each: 0 for outputs, 1 for inputs. */
export type NormAxis = 0 | 1;

/** Norms that a DoRA sets. */
export interface Magnitudes {
  axis: NormAxis;
  values: Float32Array;
}

/** Added to norms, as LyCORIS does, because a weight may be zero. */
const EPSILON = 2 ** -23;

/** Names of magnitudes: LyCORIS's, PEFT's. */
const PARTS = ["dora_scale", "magnitude"] as const;

/**
 * Name and axis of a layer's magnitudes; `undefined` if it has none. LyCORIS writes `[outputs, 1]`
 * or `[1, inputs]`. PEFT's belong to the outputs in any shape.
 */
export function magnitudePart(
  shapes: ReadonlyMap<LoraPart, readonly number[]>,
): { part: LoraPart; axis: NormAxis; count: number } | undefined {
  const part = PARTS.find((name) => shapes.has(name));
  if (part === undefined) return undefined;
  const shape = shapes.get(part)!;
  const axis = part === "dora_scale" && shape.length > 1 && shape[0] === 1 ? 1 : 0;
  return { part, axis, count: elementsOf(shape) };
}

/**
 * The whole change of a weight W: magnitude · (W + Δ) / ‖W + Δ‖ − W.
 *
 * @param shape of the weight
 */
export function decomposedChange(
  weight: Float32Array,
  change: Float32Array,
  { axis, values }: Magnitudes,
  shape: readonly number[],
): Float32Array {
  const inner = elementsOf(shape.slice(axis + 1));
  const groupOf = (i: number) => Math.floor(i / inner) % shape[axis];
  const squares = new Float64Array(shape[axis]);
  for (let i = 0; i < weight.length; i++) squares[groupOf(i)] += (weight[i] + change[i]) ** 2;
  const factors = squares.map((square, group) => values[group] / (Math.sqrt(square) + EPSILON));
  return weight.map((value, i) => factors[groupOf(i)] * (value + change[i]) - value);
}
