/** Compares a checkpoint's tensors with those that a network needs. @module */
import { ModelError } from "../errors.ts";
import { listed } from "./listed.ts";
import { nearestWord } from "../formats/nearest_word.ts";
import { shown } from "../text.ts";
import type { TensorFile } from "../formats/tensor_file.ts";

/** A tensor that a network needs. */
export interface NeededTensor {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Longer names belong to no network: their distance is not computed. */
const LONGEST_NAME = 200;

/**
 * Checks that a checkpoint has the tensors that a network needs, with their shapes, and no others.
 *
 * @param optional tensors that may exist and are not used
 * @throws {ModelError} listing missing tensors with the nearest existing names, unexpected tensors,
 * and tensors of another shape
 */
export function checkTensors(
  { entries }: TensorFile,
  needed: Iterable<NeededTensor>,
  { file, optional = [] }: { file: string; optional?: readonly string[] },
): void {
  const wanted = new Map([...needed].map((tensor) => [tensor.name, tensor]));
  const missing = [...wanted.keys()].filter((name) => !entries.has(name));
  const extra = [...entries.keys()].filter((name) => !wanted.has(name) && !optional.includes(name));
  const misshapen = [...wanted.values()].filter(({ name, shape }) => {
    const entry = entries.get(name);
    return entry !== undefined && !sameShape(entry.shape, shape);
  });
  const faults = [
    list("missing", missing, (name) => withNearest(name, extra)),
    list("not expected", extra, shown),
    list(
      "of another shape",
      misshapen,
      ({ name, shape }) => `${shown(name)} is [${entries.get(name)!.shape}], wanted [${shape}]`,
    ),
  ].filter(Boolean);
  if (faults.length > 0) throw new ModelError(`${file}: ${faults.join("; ")}`, { hint: HINT });
}

const HINT = "tensors must have the official names and shapes; inspect lists those of the file";

/** @throws {ModelError} unless there is a tensor of this name and number of dimensions */
export function shapeOf(
  { entries }: TensorFile,
  name: string,
  rank: number,
  file: string,
): readonly number[] {
  const entry = entries.get(name);
  if (entry === undefined) {
    throw new ModelError(`${file}: missing ${withNearest(name, [...entries.keys()])}`, {
      hint: HINT,
    });
  }
  if (entry.shape.length === rank) return entry.shape;
  throw new ModelError(
    `${file}: ${shown(name)} is [${entry.shape}], wanted ${rank} dimensions`,
    { hint: HINT },
  );
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

function list<T>(what: string, items: readonly T[], text: (item: T) => string): string {
  return items.length === 0 ? "" : `${items.length} ${what}: ${listed(items, text)}`;
}

function withNearest(name: string, candidates: readonly string[]): string {
  const short = candidates.filter((candidate) => candidate.length <= LONGEST_NAME);
  const nearest = nearestWord(name, short);
  return nearest === undefined ? shown(name) : `${shown(name)} (nearest: ${shown(nearest)})`;
}
