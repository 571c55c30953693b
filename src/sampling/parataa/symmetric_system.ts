/**
 * Small symmetric positive definite systems.
 * @module
 */

/**
 * Solves A γ = b by Cholesky's method; returns `false` if A is singular to working precision or
 * contains NaN.
 *
 * @param matrix A, `[size, size]`; its lower triangle is read and overwritten
 * @param right b; becomes γ, or undefined values if the result is `false`
 */
export function solveSymmetric(matrix: Float64Array, right: Float64Array, size: number): boolean {
  for (let j = 0; j < size; j++) {
    const diagonal = matrix[j * size + j];
    let pivot = diagonal;
    for (let k = 0; k < j; k++) pivot -= matrix[j * size + k] ** 2;
    if (!(pivot > size * Number.EPSILON * diagonal) || pivot === Infinity) return false;
    const root = matrix[j * size + j] = Math.sqrt(pivot);
    for (let i = j + 1; i < size; i++) {
      let sum = matrix[i * size + j];
      for (let k = 0; k < j; k++) sum -= matrix[i * size + k] * matrix[j * size + k];
      matrix[i * size + j] = sum / root;
    }
  }
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) right[i] -= matrix[i * size + k] * right[k];
    right[i] /= matrix[i * size + i];
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) right[i] -= matrix[k * size + i] * right[k];
    right[i] /= matrix[i * size + i];
  }
  return right.subarray(0, size).every(Number.isFinite);
}
