/** The change of a layer's weight by a LoRA at scale 1. @module */
import type { LoraPart } from "./lora_names.ts";
import { kernelOf } from "./lora_size.ts";
import {
  hadamard,
  kronecker,
  type Matrix,
  matrixOf,
  product,
  transposed,
  tucker,
} from "./matrices.ts";

/** Values of a part. */
export interface PartTensor {
  shape: readonly number[];
  data: Float32Array;
}

/** The parts of one layer's change. */
export type LoraParts = ReadonlyMap<LoraPart, PartTensor>;

/** How a file scales the changes of a network, apart from each layer's own alpha. */
export interface LoraScaling {
  alpha?: number;
  /** Divide by the root of the rank instead of the rank (rsLoRA: Kalajdzievski, 2023). */
  rankStabilized?: boolean;
}

/**
 * Multiplies the parts.
 *
 * @returns a matrix with as many elements as the weight; `undefined` if parts are missing
 * @throws {RangeError} if the sizes of the parts do not match
 */
export function loraChange(
  parts: LoraParts,
  { alpha, rankStabilized = false }: LoraScaling = {},
): Matrix | undefined {
  const own = parts.get("alpha")?.data[0] ?? alpha;
  const change = productChange(parts) ?? hadamardChange(parts) ?? kroneckerChange(parts);
  if (change === undefined) return undefined;
  const { matrix, rank } = change;
  // The factor is 1 without alpha, with alpha 0 and for a change without rank.
  const factor = own && rank ? own / (rankStabilized ? Math.sqrt(rank) : rank) : 1;
  return { ...matrix, data: factor === 1 ? matrix.data : matrix.data.map((x) => factor * x) };
}

interface Change {
  matrix: Matrix;
  rank: number | undefined;
}

function productChange(parts: LoraParts): Change | undefined {
  const [up, down, mid] = ["up", "down", "mid"].map((name) => parts.get(name as LoraPart));
  if (!up || !down) return undefined;
  const [left, right] = [asMatrix(up), asMatrix(down)];
  const matrix = mid
    ? tucker(left, asMatrix(mid), right, kernelOf(mid.shape))
    : product(left, right);
  return { matrix, rank: right.rows };
}

function hadamardChange(parts: LoraParts): Change | undefined {
  const factors = ["1", "2"].map((i) => {
    const [a, b] = [parts.get(`hada_w${i}_a` as LoraPart), parts.get(`hada_w${i}_b` as LoraPart)];
    return a && b && factor(a, b, parts.get(`hada_t${i}` as LoraPart));
  });
  const [first, second] = factors;
  if (!first || !second) return undefined;
  return { matrix: hadamard(first, second), rank: parts.get("hada_w1_b")!.shape[0] };
}

function kroneckerChange(parts: LoraParts): Change | undefined {
  const half = (i: "1" | "2") => {
    const whole = parts.get(`lokr_w${i}`);
    if (whole) return { matrix: asMatrix(whole), rank: undefined };
    const [a, b] = [parts.get(`lokr_w${i}_a`), parts.get(`lokr_w${i}_b`)];
    if (!a || !b) return undefined;
    const core = i === "2" ? parts.get("lokr_t2") : undefined;
    return { matrix: factor(a, b, core), rank: b.shape[0] };
  };
  const [first, second] = [half("1"), half("2")];
  if (!first || !second) return undefined;
  const matrix = kronecker(first.matrix, second.matrix);
  return { matrix, rank: second.rank ?? first.rank };
}

/** a·b, or with a core Σ core[p,q,k] b[q,i] a[p,o]. */
function factor(a: PartTensor, b: PartTensor, core: PartTensor | undefined): Matrix {
  if (!core) return product(asMatrix(a), asMatrix(b));
  return tucker(transposed(asMatrix(a)), asMatrix(core), asMatrix(b), kernelOf(core.shape));
}

function asMatrix({ shape, data }: PartTensor): Matrix {
  return matrixOf(shape, data);
}
