import assert from "node:assert/strict";
import { join } from "node:path";
import { OrtError } from "../../ffi/status.ts";
import { ModelError, RuntimeLibraryError } from "../../src/errors.ts";
import { Environment } from "../../src/runtime/environment.ts";
import { InferenceSession } from "../../src/runtime/inference_session.ts";
import { translateLoadError } from "../../src/runtime/model_fault.ts";
import { Tensor } from "../../src/runtime/tensor.ts";
import { addModel } from "../support/models.ts";
import { onnxModel, type ValueSpec } from "../support/onnx_builder.ts";
import { runChild } from "../support/run_child.ts";

const x: ValueSpec = { name: "x", type: "float32", shape: [4] };
const y: ValueSpec = { name: "y", type: "float32", shape: [4] };
const external = {
  inputs: [x],
  outputs: [y],
  nodes: [{ op: "Add", inputs: ["x", "w"], outputs: ["y"] }],
};
const weight = { name: "w", type: "float32" as const, dims: [4] };

/**
 * Model files that cannot be loaded, and what the message says after "cannot load model PATH: ".
 */
const FAULTS: [name: string, bytes: Uint8Array, reason: RegExp][] = [
  ["empty", new Uint8Array(), /^the file is empty$/],
  ["garbage", new TextEncoder().encode("this is no model"), /Protobuf parsing failed$/],
  ["truncated", addModel().subarray(0, 60), /Protobuf parsing failed$/],
  [
    "two bytes",
    addModel().subarray(0, 2),
    /(ModelProto does not have a graph|No graph was found in the protobuf)$/,
  ],
  [
    "unknown operator",
    onnxModel({
      inputs: [x],
      outputs: [y],
      nodes: [{ op: "NoSuchOp", inputs: ["x"], outputs: ["y"] }],
    }),
    /No Op registered for NoSuchOp/,
  ],
  [
    "dangling input",
    onnxModel({
      inputs: [x],
      outputs: [y],
      nodes: [{ op: "Add", inputs: ["x", "c"], outputs: ["y"] }],
    }),
    /Node input 'c' is not a graph input/,
  ],
  [
    "missing external data",
    onnxModel({ ...external, initializers: [{ ...weight, externalFile: "nowhere.bin" }] }),
    /nowhere\.bin/, // the words around it change with the version
  ],
  [
    "short external data",
    onnxModel({ ...external, initializers: [{ ...weight, externalFile: "short.bin" }] }),
    /size to read: 16 given file_length: 3 are out of bounds/,
  ],
  [
    "external data outside the folder",
    onnxModel({ ...external, initializers: [{ ...weight, externalFile: "../outside.bin" }] }),
    /outside\.bin/,
  ],
];

Deno.test("InferenceSession.create() names the faulty model and the reason in one line", async () => {
  using environment = Environment.open();
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(folder, "short.bin"), "abc");
    for (const [name, bytes, reason] of FAULTS) {
      const path = join(folder, `${name}.onnx`);
      await Deno.writeFile(path, bytes);
      await assert.rejects(InferenceSession.create(environment, path), (error) => {
        assert.ok(error instanceof ModelError, `${name}: ${error}`);
        assert.equal(error.exitCode, 3);
        const start = `cannot load model ${path}: `;
        assert.ok(error.message.startsWith(start), error.message);
        assert.match(error.message.slice(start.length), reason);
        assert.doesNotMatch(error.message, /\n|onnxruntime_src|ONNXRuntimeError/);
        return true;
      });
    }
    const missing = join(folder, "missing.onnx");
    await assert.rejects(InferenceSession.create(environment, missing), {
      name: "ModelError",
      message: `cannot load model ${missing}: there is no such file`,
    });
    await assert.rejects(InferenceSession.create(environment, folder), {
      name: "ModelError",
      message: `cannot load model ${folder}: it is a folder, wanted an ONNX file`,
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("InferenceSession.create() names faults of a model from memory", async () => {
  using environment = Environment.open();
  for (const bytes of [new Uint8Array(), Uint8Array.of(1, 2, 3), addModel().subarray(0, 60)]) {
    await assert.rejects(InferenceSession.create(environment, bytes), (error) => {
      assert.ok(error instanceof ModelError);
      assert.match(error.message, /^cannot load model from memory: ./);
      return true;
    });
  }
});

Deno.test("InferenceSession.create() loads from a path, relative to the working folder too", async () => {
  using environment = Environment.open();
  const path = await Deno.makeTempFile({ dir: ".", suffix: ".onnx" });
  try {
    await Deno.writeFile(path, addModel());
    await using session = await InferenceSession.create(environment, path);
    assert.equal(session.inputs[0].name, "x");
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("translateLoadError() distinguishes errors of the model and the machine", () => {
  const oom =
    "bfc_arena.cc:358 onnxruntime::BFCArena::AllocateRawInternal(...) Failed to allocate memory for " +
    "requested buffer of size 4398046511104";
  const cases: [
    code: number,
    message: string,
    kind: typeof ModelError | typeof RuntimeLibraryError,
  ][] = [
    [1, oom, RuntimeLibraryError],
    [
      1,
      "CudaCall CUDA failure 100: no CUDA-capable device is detected ; GPU=-1",
      RuntimeLibraryError,
    ],
    [11, "provider failed", RuntimeLibraryError],
    [7, "Load model from m.onnx failed:Protobuf parsing failed.", ModelError],
    [9, "Could not find an implementation for Foo(1) node", ModelError],
  ];
  for (const [code, message, kind] of cases) {
    const error = translateLoadError("m.onnx", new OrtError(code, message));
    assert.ok(error instanceof kind, message);
    assert.ok(error.cause instanceof OrtError);
  }
  const unparsable = translateLoadError("m.onnx", new OrtError(cases[3][0], cases[3][1]));
  assert.equal(unparsable.message, "cannot load model m.onnx: Protobuf parsing failed");
  assert.equal(unparsable.hint, "the file is damaged or cut short: inspect m.onnx says where");
});

Deno.test("InferenceSession.create() opens nothing that --allow-read does not cover", async () => {
  const folder = await Deno.makeTempDir();
  const inside = join(folder, "inside");
  const outside = join(folder, "outside.onnx");
  const script = new URL("model_fault_child.ts", import.meta.url);
  const attempt = async (path: string) => {
    const flags = ["--allow-ffi", `--allow-read=${inside},node_modules/onnxruntime-node`];
    const { code, stdout, stderr } = await runChild(script, { flags, args: [path] });
    assert.equal(code, 0, stderr);
    return stdout;
  };
  try {
    await Deno.mkdir(inside);
    for (const path of [outside, join(inside, "model.onnx")]) {
      await Deno.writeFile(path, addModel());
    }
    await Deno.symlink(outside, join(inside, "link.onnx"));
    await Deno.symlink(folder, join(inside, "up"));
    await Deno.symlink("model.onnx", join(inside, "alias.onnx"));
    for (
      const path of [
        "outside.onnx",
        "inside/link.onnx",
        "inside/up/outside.onnx",
        "inside/../outside.onnx",
      ]
    ) {
      const printed = await attempt(`${folder}/${path}`);
      assert.match(
        printed,
        /^PermissionError 4: cannot load model .*: reading is not granted \| .*--allow-read=/,
        path,
      );
      assert.match(printed, /sessions ever: 0$/);
    }
    for (const path of ["inside/model.onnx", "inside/alias.onnx"]) {
      assert.equal(await attempt(`${folder}/${path}`), "loaded");
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("no truncation and no flipped bit of a model ends the process", async () => {
  const script = new URL("model_mutation_child.ts", import.meta.url);
  const { code, signal, stdout, stderr } = await runChild(script, {
    flags: ["--allow-ffi", "--allow-read"],
  });
  assert.equal(code, 0, `signal ${signal}\n${stderr}`);
  const { loaded, refused, wanted } = JSON.parse(stdout.split("\n")[1]);
  assert.equal(loaded + refused, wanted);
  assert.ok(loaded > 0 && refused > 0, stdout);
});

Deno.test("InferenceSession.create() finds external data beside the model", async () => {
  using environment = Environment.open();
  const folder = await Deno.makeTempDir();
  try {
    const initializers = [{ ...weight, externalFile: "weights.bin" }];
    await Deno.writeFile(join(folder, "model.onnx"), onnxModel({ ...external, initializers }));
    const weights = new Uint8Array(Float32Array.of(10, 20, 30, 40).buffer);
    await Deno.writeFile(join(folder, "weights.bin"), weights);
    await using session = await InferenceSession.create(environment, join(folder, "model.onnx"));
    using one = new Tensor(environment, "float32", [4], Float32Array.of(1, 2, 3, 4));
    const { y } = await session.run({ x: one });
    assert.deepEqual(y.data, Float32Array.of(11, 22, 33, 44));
    y.close();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
