import assert from "node:assert/strict";
import { Environment } from "../../src/runtime/environment.ts";
import { Tensor } from "../../src/runtime/tensor.ts";
import { TENSOR_ARRAYS, type TensorType } from "../../src/runtime/tensor_type.ts";

const types = Object.keys(TENSOR_ARRAYS) as TensorType[];

Deno.test("Tensor allocates zeros of every type", () => {
  using environment = Environment.open();
  for (const type of types) {
    using tensor = new Tensor(environment, type, [2, 3]);
    assert.ok(tensor.data instanceof TENSOR_ARRAYS[type], type);
    assert.equal(tensor.data.length, 6);
    assert.equal(tensor.byteLength, 6 * TENSOR_ARRAYS[type].BYTES_PER_ELEMENT);
  }
});

Deno.test("Tensor pins the array it is given, shared memory and subarrays included", () => {
  using environment = Environment.open();
  const shared = new Float16Array(new SharedArrayBuffer(32), 8, 4);
  using tensor = new Tensor(environment, "float16", [2, 2], shared);
  assert.equal(tensor.data, shared);
});

Deno.test("Tensor takes scalars and empty dimensions", () => {
  using environment = Environment.open();
  using scalar = new Tensor(environment, "int64", []);
  assert.equal(scalar.data.length, 1);
  using empty = new Tensor(environment, "float32", [0, 4]);
  assert.equal(empty.data.length, 0);
});

Deno.test("Tensor keeps its own dimensions", () => {
  using environment = Environment.open();
  const dims = [2, 3];
  using tensor = new Tensor(environment, "uint8", dims);
  dims[0] = 1000;
  assert.deepEqual(tensor.dims, [2, 3]);
  assert.throws(() => (tensor.dims as number[]).push(9), TypeError);
});

Deno.test("Tensor refuses data that does not fit, naming what it met and wants", () => {
  using environment = Environment.open();
  const make = (type: TensorType, dims: number[], data?: unknown) => () =>
    new Tensor(environment, type, dims, data as Float32Array);
  const float4 = new Float32Array(4);
  const cases: [make: () => unknown, error: Error][] = [
    [
      make("float32", [5], float4),
      new RangeError(
        "data of a float32 tensor [5] has 4 elements (16 bytes), wanted 5 (20 bytes)",
      ),
    ],
    [
      make("float32", [3], float4),
      new RangeError(
        "data of a float32 tensor [3] has 4 elements (16 bytes), wanted 3 (12 bytes)",
      ),
    ],
    [
      make("int64", [4], float4),
      new TypeError("data of a int64 tensor is a Float32Array, wanted a BigInt64Array"),
    ],
    [
      make("float32", [2], [1, 2]),
      new TypeError("data of a float32 tensor is a Array, wanted a Float32Array"),
    ],
    [
      make("float32", [-1]),
      new RangeError("tensor dimensions [-1] hold -1, wanted whole numbers from 0 on"),
    ],
    [
      make("float32", [1.5], float4),
      new RangeError("tensor dimensions [1.5] hold 1.5, wanted whole numbers from 0 on"),
    ],
    [
      make("float32", [2 ** 30, 2 ** 30]),
      new RangeError(
        "tensor dimensions [1073741824,1073741824] have more elements than an array can hold",
      ),
    ],
  ];
  for (const [attempt, error] of cases) assert.throws(attempt, error);
  assert.throws(make("float128" as TensorType, [1]), /tensor type is "float128", wanted one of f/);
});

Deno.test("Tensor refuses buffers that can shrink or are gone", () => {
  using environment = Environment.open();
  const resizable = new Float32Array(new ArrayBuffer(16, { maxByteLength: 32 }));
  assert.throws(
    () => new Tensor(environment, "float32", [4], resizable),
    new TypeError("data of a float32 tensor lies over a resizable buffer, wanted a fixed one"),
  );
  const detached = new Float32Array(4);
  detached.buffer.transfer();
  assert.throws(
    () => new Tensor(environment, "float32", [0], detached),
    new TypeError("data of a float32 tensor lies over a detached buffer, wanted a fixed one"),
  );
});
