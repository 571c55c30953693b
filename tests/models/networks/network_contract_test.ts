import assert from "node:assert/strict";
import { ModelError } from "../../../src/errors.ts";
import { checkContract } from "../../../src/models/networks/network_contract.ts";
import { listTensors } from "../../../src/models/networks/tensor_contract.ts";
import type { TensorMetadata } from "../../../src/runtime/model_metadata.ts";

const options = {
  file: "m/model.onnx",
  conditions: [{ name: "class_labels", shape: [] }],
};

const sample: TensorMetadata = { name: "sample", type: "float32", shape: ["batch", 4, 8, 8] };
const timestep: TensorMetadata = { name: "timestep", type: "int64", shape: ["batch"] };
const labels: TensorMetadata = { name: "class_labels", type: "int64", shape: ["batch"] };
const output: TensorMetadata = { name: "out", type: "float32", shape: ["batch", 8, 8, 8] };

Deno.test("checkContract() reads shapes, channels and a frozen batch from the network", () => {
  const free = checkContract([labels, timestep, sample], [output], options);
  assert.deepEqual(free.latentShape, [4, 8, 8]);
  assert.equal(free.outputChannels, 8);
  assert.equal(free.frozenBatch, undefined);
  assert.equal(free.output.name, "out");
  const frozen = checkContract(
    [{ ...sample, shape: [2, 4, "h", "w"] }, { ...timestep, shape: [2] }, labels],
    [{ ...output, shape: ["batch", 4, "h", "w"] }],
    { ...options, latentShape: [5, 6, 7] },
  );
  assert.equal(frozen.frozenBatch, 2);
  assert.deepEqual(frozen.latentShape, [4, 6, 7]);
});

Deno.test("checkContract() names the tensors found and wanted", () => {
  const cases: [string, TensorMetadata[], TensorMetadata[], RegExp][] = [
    [
      "wrong name",
      [{ ...sample, name: "x" }, timestep, labels],
      [output],
      /inputs x float32 \[batch, 4, 8, 8\].*wanted inputs sample, timestep, class_labels/,
    ],
    [
      "extra input",
      [sample, timestep, labels, { ...labels, name: "mask" }],
      [output],
      /mask.*wanted/,
    ],
    ["missing input", [sample, timestep], [output], /wanted inputs/],
    ["no output", [sample, timestep, labels], [], /outputs none/],
    [
      "sample type",
      [{ ...sample, type: "int64" }, timestep, labels],
      [output],
      /sample is int64, wanted one of float32/,
    ],
    [
      "sample rank",
      [{ ...sample, shape: ["batch", 4, 8] }, timestep, labels],
      [output],
      /sample is \[batch, 4, 8\], wanted \[batch, channels, height, width\]/,
    ],
    [
      "open channels",
      [{ ...sample, shape: ["batch", "c", 8, 8] }, timestep, labels],
      [output],
      /sample is \[batch, c, 8, 8\], wanted channels, height and width as numbers/,
    ],
    [
      "scalar timestep",
      [sample, { ...timestep, shape: [] }, labels],
      [output],
      /timestep input is a scalar, wanted \[batch\]/,
    ],
    [
      "static timestep",
      [sample, { ...timestep, shape: [1] }, labels],
      [output],
      /timestep input is static \[1\], wanted \[batch\]/,
    ],
    [
      "timestep rank",
      [sample, { ...timestep, shape: ["batch", 1] }, labels],
      [output],
      /timestep is \[batch, 1\], wanted \[batch\]/,
    ],
    [
      "timestep type",
      [sample, { ...timestep, type: "string" }, labels],
      [output],
      /timestep is string/,
    ],
    [
      "condition rank",
      [sample, timestep, { ...labels, shape: ["batch", 77, 768] }],
      [output],
      /class_labels is \[batch, 77, 768\], wanted \[batch\]/,
    ],
    [
      "two frozen batches",
      [{ ...sample, shape: [2, 4, 8, 8] }, { ...timestep, shape: [4] }, labels],
      [output],
      /different frozen batches/,
    ],
    ["too few output channels", [sample, timestep, labels], [{
      ...output,
      shape: ["batch", 3, 8, 8],
    }], /output out is \[batch, 3, 8, 8\], wanted a noise like the sample/],
    [
      "output size",
      [sample, timestep, labels],
      [{ ...output, shape: ["batch", 4, 4, 4] }],
      /wanted a noise like the sample/,
    ],
    [
      "output rank",
      [sample, timestep, labels],
      [{ ...output, shape: ["batch", 4] }],
      /out is \[batch, 4\]/,
    ],
  ];
  for (const [name, inputs, outputs, message] of cases) {
    assert.throws(() => checkContract(inputs, outputs, options), (error: Error) => {
      assert.ok(error instanceof ModelError, name);
      assert.match(error.message, message, name);
      assert.match(error.message, /^m\/model\.onnx/, name);
      return true;
    }, name);
  }
});

Deno.test("listTensors() names the first ten of any number", () => {
  const tensors = Array.from({ length: 150_000 }, (_, i) => ({ ...output, name: `o${i}` }));
  const text = listTensors(tensors);
  assert.match(text, /^o0 float32 \[batch.*, o9 float32 \[[^\]]*\] and 149990 more$/);
  assert.equal(listTensors([]), "none");
});
