/**
 * Checks of arguments. Every message names the value met and the values wanted.
 * @module
 */

/** Throws unless `value` is a whole number in `[low, high]`. */
export function checkInteger(name: string, value: number, low: number, high: number): void {
  if (typeof value !== "number") throw wrongType(name, value, "a number");
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new RangeError(`${name} is ${value}, wanted a whole number from ${low} to ${high}`);
  }
}

/** Throws unless `value` is a finite number in `[low, high]`. */
export function checkNumber(name: string, value: number, low: number, high: number): void {
  if (typeof value !== "number") throw wrongType(name, value, "a number");
  if (!(value >= low && value <= high) || !Number.isFinite(value)) {
    throw new RangeError(`${name} is ${value}, wanted a finite number from ${low} to ${high}`);
  }
}

/** Throws unless `value` is one of `wanted`. */
export function checkOneOf<Name extends string>(
  name: string,
  value: string,
  wanted: readonly Name[],
): asserts value is Name {
  if (!wanted.some((choice) => choice === value)) {
    throw new RangeError(`${name} is ${String(value)}, wanted ${wanted.join(" or ")}`);
  }
}

/** Throws unless `array` is a Float64Array of `[rows, rowSize]` finite numbers. */
export function checkRows(name: string, array: Float64Array, rows: number, rowSize: number): void {
  if (!(array instanceof Float64Array)) throw wrongType(name, array, "a Float64Array");
  if (array.length !== rows * rowSize) {
    throw new RangeError(
      `${name} has ${array.length} elements, wanted ${rows * rowSize}: ${rows} rows of ${rowSize}`,
    );
  }
  const bad = countNonFinite(array);
  if (bad > 0) throw new RangeError(`${name} has ${bad} values that are not finite, wanted none`);
}

/** Number of elements that are NaN or infinite. */
export function countNonFinite(array: Float64Array): number {
  if (Number.isFinite(zeroIfFinite(array))) return 0;
  let count = 0;
  for (let i = 0; i < array.length; i++) if (!Number.isFinite(array[i])) count++;
  return count;
}

function wrongType(name: string, value: unknown, wanted: string): TypeError {
  const met = value === null
    ? "null"
    : typeof value === "object"
    ? (value.constructor?.name ?? "object")
    : typeof value;
  return new TypeError(`${name} is of type ${met}, wanted ${wanted}`);
}

/** 0, or NaN if an element is not finite. V8 runs four partial sums faster than a count. */
function zeroIfFinite(array: Float64Array): number {
  const whole = array.length - array.length % 4;
  let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  for (let i = 0; i < whole; i += 4) {
    s0 += array[i] * 0;
    s1 += array[i + 1] * 0;
    s2 += array[i + 2] * 0;
    s3 += array[i + 3] * 0;
  }
  for (let i = whole; i < array.length; i++) s0 += array[i] * 0;
  return (s0 + s1) + (s2 + s3);
}
