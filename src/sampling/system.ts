/**
 * The triangular system of equations that sampling solves: x_t = c_t x_(t+1) + d_t ε_t + n_t ξ_t
 * for t = T−1 … 0.
 * @module
 */
import { NumericalError } from "../errors.ts";
import { countNonFinite } from "./arguments.ts";
import type { Schedule } from "./schedules/schedule.ts";

/** Row `t` of an array `[rows, rowSize]`, as a view. */
export function row(array: Float64Array, t: number, rowSize: number): Float64Array {
  return array.subarray(t * rowSize, (t + 1) * rowSize);
}

/**
 * Writes Step(t, x, ε) = c_t x + d_t ε + n_t ξ into `out`, which may be `x` or `epsilon` itself.
 */
export function step(
  schedule: Schedule,
  t: number,
  { x, epsilon, xi, out }: Record<"x" | "epsilon" | "xi" | "out", Float64Array>,
): void {
  const c = schedule.c[t], d = schedule.d[t], n = schedule.n[t];
  if (n === 0) {
    for (let i = 0; i < out.length; i++) out[i] = c * x[i] + d * epsilon[i];
  } else {
    for (let i = 0; i < out.length; i++) out[i] = c * x[i] + d * epsilon[i] + n * xi[i];
  }
}

/**
 * Throws if `values` contain NaN or infinity; `what`, `t` and `round` name them in the message.
 *
 * @throws {NumericalError}
 */
export function checkFinite(
  values: Float64Array,
  what: string,
  { t, round }: { t: number; round: number },
): void {
  const bad = countNonFinite(values);
  if (bad === 0) return;
  throw new NumericalError(
    `${what} of step ${t} in round ${round} has ${bad} of ${values.length} values that are not finite`,
    { hint: "half precision may overflow: try the float32 files of the network" },
  );
}
