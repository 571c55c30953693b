/**
 * The noise that steps add, within reach of the loops.
 * @module
 */
import type { Workspace } from "../kernels/workspace.ts";
import type { ResolvedOptions } from "../options.ts";
import { row } from "../system.ts";

/** Copies of ξ_t in a workspace, made when a step comes near the window. */
export class NoiseRows {
  readonly #noise: Float64Array;
  readonly #rowSize: number;
  readonly #copies: Float64Array;
  /** Step whose noise a row holds. */
  readonly #steps: Int32Array;

  /** Allocates W + 2 rows: the steps of a window and the two above them. */
  constructor({ noise, rowSize, windowSize }: ResolvedOptions, workspace: Workspace) {
    this.#noise = noise;
    this.#rowSize = rowSize;
    this.#steps = new Int32Array(windowSize + 2).fill(-1);
    this.#copies = workspace.allocate(this.#steps.length * rowSize);
  }

  /** ξ_t, valid until another step W + 2 apart is asked for. */
  at(t: number): Float64Array {
    const slot = t % this.#steps.length, copy = row(this.#copies, slot, this.#rowSize);
    if (this.#steps[slot] !== t) copy.set(row(this.#noise, t, this.#rowSize));
    this.#steps[slot] = t;
    return copy;
  }
}
