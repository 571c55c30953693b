/** Products of small matrices in row-major order. @module */

/** A matrix of a change. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float32Array;
}

/** A tensor as a matrix: the first axis by all others. */
export function matrixOf(shape: readonly number[], data: Float32Array): Matrix {
  const rows = shape[0] ?? 1;
  return { rows, columns: rows === 0 ? 0 : data.length / rows, data };
}

/** a·b. @throws {RangeError} if the sizes do not match */
export function product(a: Matrix, b: Matrix): Matrix {
  if (a.columns !== b.rows) {
    throw new RangeError(`${a.rows}×${a.columns} times ${b.rows}×${b.columns}`);
  }
  const data = new Float32Array(a.rows * b.columns);
  for (let i = 0; i < a.rows; i++) {
    const row = data.subarray(i * b.columns, (i + 1) * b.columns);
    for (let p = 0; p < a.columns; p++) {
      const factor = a.data[i * a.columns + p];
      const start = p * b.columns;
      for (let j = 0; j < row.length; j++) row[j] += factor * b.data[start + j];
    }
  }
  return { rows: a.rows, columns: b.columns, data };
}

/** The transposed matrix. */
export function transposed({ rows, columns, data }: Matrix): Matrix {
  const columnsFirst = new Float32Array(data.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) columnsFirst[j * rows + i] = data[i * columns + j];
  }
  return { rows: columns, columns: rows, data: columnsFirst };
}

/** Product of elements. @throws {RangeError} if the sizes differ */
export function hadamard(a: Matrix, b: Matrix): Matrix {
  if (a.rows !== b.rows || a.columns !== b.columns) {
    throw new RangeError(`${a.rows}×${a.columns} by ${b.rows}×${b.columns}`);
  }
  return { ...a, data: a.data.map((value, i) => value * b.data[i]) };
}

/** The Kronecker product; the columns of `b` may be those of a convolution, `[inputs, kernel]`. */
export function kronecker(a: Matrix, b: Matrix): Matrix {
  const [rows, columns] = [a.rows * b.rows, a.columns * b.columns];
  const data = new Float32Array(rows * columns);
  for (let i = 0; i < a.rows; i++) {
    for (let k = 0; k < b.rows; k++) {
      const start = (i * b.rows + k) * columns;
      const from = b.data.subarray(k * b.columns, (k + 1) * b.columns);
      for (let j = 0; j < a.columns; j++) {
        const factor = a.data[i * a.columns + j];
        const at = start + j * b.columns;
        for (let l = 0; l < from.length; l++) data[at + l] = factor * from[l];
      }
    }
  }
  return { rows, columns, data };
}

/**
 * left·core·right for each element of the kernel: Δ[o,i,k] = Σ left[o,p] core[p,q,k] right[q,i].
 *
 * @param core `[p, q·kernel]`
 */
export function tucker(left: Matrix, core: Matrix, right: Matrix, kernel: number): Matrix {
  if (core.columns !== right.rows * kernel) {
    throw new RangeError(`a core of ${core.rows}×${core.columns / kernel}, ${right.rows} rows`);
  }
  const outer = product(left, core);
  const data = new Float32Array(left.rows * right.columns * kernel);
  for (let k = 0; k < kernel; k++) {
    const slice = {
      rows: left.rows,
      columns: core.columns / kernel,
      data: outer.data.filter((_, at) => at % kernel === k),
    };
    const part = product(slice, right).data;
    for (let at = 0; at < part.length; at++) data[at * kernel + k] = part[at];
  }
  return { rows: left.rows, columns: right.columns * kernel, data };
}
