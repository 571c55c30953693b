import assert from "node:assert/strict";
import { join } from "node:path";
import { perRowTimesteps } from "../../../src/models/networks/per_row_timesteps.ts";
import { ModelError } from "../../../src/errors.ts";
import { readOnnx } from "../../../src/formats/onnx/onnx.ts";
import { Environment } from "../../../src/runtime/environment.ts";
import { InferenceSession } from "../../../src/runtime/inference_session.ts";
import {
  field,
  integer,
  join as bytesOf,
  scalarTimestepModel,
} from "../../formats/onnx/onnx_fixture.ts";
import { type NodeSpec, onnxModel, type ValueSpec } from "../../support/onnx_builder.ts";
import { withTempFolder } from "../../support/temp_folder.ts";
import { LAYOUTS, type Rows, runUnet } from "../../convert/layout_unet.ts";

const SCALAR = "input timestep: [] -> [batch_size]";
const UNSQUEEZE = 'Unsqueeze "v41" -> Identity';
const EDITS: [layout: string, edits: string[]][] = [
  ["plain", []],
  ["diffusers_script", []],
  ["amblyopius_fp16", []],
  ["optimum_steps", []],
  ["olive_recipe", []],
  ["optimum_scalar", [SCALAR, UNSQUEEZE]],
  ["olive_core_scalar", [SCALAR, UNSQUEEZE]],
  ["ort_demo", ["input timestep: [1] -> [2B]"]],
];

for (const [layout, edits] of EDITS) {
  Deno.test(`perRowTimesteps() changes what ${layout} needs: ${edits.length} edits`, () => {
    const bytes = Deno.readFileSync(join(LAYOUTS, layout, "unet/model.onnx"));
    const patched = perRowTimesteps(bytes);
    assert.deepEqual(patched.edits, edits);
    assert.equal(patched.bytes === bytes, edits.length === 0);
    assert.deepEqual(perRowTimesteps(patched.bytes).edits, []);
  });
}

Deno.test("perRowTimesteps() reports that webnn_frozen has a batch frozen at 2", () => {
  const bytes = Deno.readFileSync(join(LAYOUTS, "webnn_frozen", "unet/model.onnx"));
  refuses(bytes, /timestep per row: the batch is frozen at 2$/);
});

/** Four rows of noise and states, as many timesteps. */
const ROWS: Rows = { seed: 3, timesteps: [999, 500, 20, 1] };

for (const layout of ["optimum_scalar", "olive_core_scalar", "ort_demo"]) {
  Deno.test(`perRowTimesteps() makes ${layout} give each row what it gives alone`, async () => {
    await withTempFolder(async (folder) => {
      // Beside the model: the weights file is found by its place, and stays as it is.
      const unet = join(LAYOUTS, layout, "unet");
      for (const { name } of Deno.readDirSync(unet)) {
        await Deno.copyFile(join(unet, name), join(folder, name));
      }
      const { bytes } = perRowTimesteps(await Deno.readFile(join(unet, "model.onnx")));
      await Deno.writeFile(join(folder, "per_row.onnx"), bytes);
      using environment = Environment.open();
      await using before = await InferenceSession.create(environment, join(unet, "model.onnx"));
      await using after = await InferenceSession.create(environment, join(folder, "per_row.onnx"));
      const batched = await runUnet(environment, after, ROWS);
      for (const [row, timestep] of ROWS.timesteps.entries()) {
        const one = { ...ROWS, only: row };
        assert.deepEqual(
          batched[row],
          (await runUnet(environment, before, one))[0],
          `t=${timestep}`,
        );
      }
      // The timesteps matter: with one for all, the rows differ.
      const same = await runUnet(environment, after, { ...ROWS, timesteps: [999, 999, 999, 999] });
      assert.deepEqual(same[0], batched[0]);
      for (const row of [1, 2, 3]) {
        const largest = Math.max(...same[row].map((x, i) => Math.abs(x - batched[row][i])));
        assert.ok(largest > 0.01, `row ${row} moved by ${largest}`);
      }
    });
  });
}

Deno.test("perRowTimesteps() works in memory, external data found in the model's folder", async () => {
  const unet = join(LAYOUTS, "optimum_scalar", "unet");
  const { bytes } = perRowTimesteps(await Deno.readFile(join(unet, "model.onnx")));
  using environment = Environment.open();
  await using session = await InferenceSession.create(environment, bytes, {
    configEntries: { "session.model_external_initializers_file_folder_path": unet },
  });
  await using before = await InferenceSession.create(environment, join(unet, "model.onnx"));
  const batched = await runUnet(environment, session, ROWS);
  assert.deepEqual(batched[2], (await runUnet(environment, before, { ...ROWS, only: 2 }))[0]);
});

Deno.test("the layouts compute one function, those with fp16 weights to 2e-3", async () => {
  using environment = Environment.open();
  const results = new Map<string, number[]>();
  for (const layout of [...EDITS.map(([name]) => name), "webnn_frozen"]) {
    const path = join(LAYOUTS, layout, "unet/model.onnx");
    await using session = await InferenceSession.create(environment, path);
    const [row] = await runUnet(environment, session, { ...ROWS, only: 1 });
    results.set(layout, row);
  }
  const plain = results.get("plain") ?? [];
  for (const [layout, row] of results) {
    const tolerance = /fp16|demo/.test(layout) ? 2e-3 : 2e-6;
    const largest = Math.max(...row.map((x, i) => Math.abs(x - plain[i])));
    assert.ok(largest <= tolerance, `${layout} differs by ${largest}`);
  }
});

const SAMPLE: ValueSpec = { name: "sample", type: "float32", shape: ["batch", 4, 1] };

function modelWith(timestep: ValueSpec["shape"], nodes: NodeSpec[], sample = SAMPLE): Uint8Array {
  const int64 = (name: string, ...values: number[]) => ({
    name,
    type: "int64" as const,
    dims: [values.length],
    values: BigInt64Array.from(values, BigInt),
  });
  return onnxModel({
    inputs: [sample, { name: "timestep", type: "float32", shape: timestep }],
    outputs: [],
    nodes,
    initializers: [
      int64("0", 0),
      int64("1", 1),
      int64("-1", -1),
      int64("-1,1", -1, 1),
      int64("7", 7),
    ],
  });
}

const node = (op: string, ...inputs: string[]): NodeSpec => ({ op, inputs, outputs: ["y"] });

const HEADS: [string, number[], NodeSpec, string[]][] = [
  ["Unsqueeze to the front", [], node("Unsqueeze", "timestep", "-1"), ["Unsqueeze"]],
  ["Reshape to [1]", [], node("Reshape", "timestep", "1"), ["Reshape"]],
  ["Reshape to [-1]", [], node("Reshape", "timestep", "-1"), []],
  ["Expand alone", [], node("Expand", "timestep", "rows"), []],
  ["Expand of [1]", [1], node("Expand", "timestep", "rows"), []],
  ["Unsqueeze of [1] to a column", [1], node("Unsqueeze", "timestep", "1"), []],
  ["Reshape of [1] to a column", [1], node("Reshape", "timestep", "-1,1"), []],
];
for (const [name, shape, first, changed] of HEADS) {
  Deno.test(`perRowTimesteps() patches a graph that begins with ${name}`, () => {
    const rest = { op: "Expand", inputs: ["y", "rows"], outputs: ["z"] };
    const { bytes, edits } = perRowTimesteps(modelWith(shape, [first, rest]));
    assert.deepEqual(edits.slice(1).map((edit) => edit.split(" ")[0]), changed);
    assert.deepEqual(readOnnx(bytes).graph.inputs[1].dims, ["batch"]);
    const [head] = readOnnx(bytes).graph.nodes;
    assert.equal(head.opType, changed.length > 0 ? "Identity" : first.op);
  });
}

Deno.test("perRowTimesteps() reads axes that opset 12 keeps in an attribute, and Constant nodes", () => {
  const old = { ...node("Unsqueeze", "timestep"), attributes: { axes: { ints: [0] } } };
  const rest = { op: "Expand", inputs: ["y", "rows"], outputs: ["z"] };
  assert.equal(perRowTimesteps(modelWith([], [old, rest])).edits.length, 2);
  const value = { type: "int64", name: "", dims: [1], values: BigInt64Array.of(0n) } as const;
  const axes = {
    op: "Constant",
    inputs: [],
    outputs: ["axes"],
    attributes: { value: { tensor: value } },
  };
  const { bytes } = perRowTimesteps(
    modelWith([], [axes, node("Unsqueeze", "timestep", "axes"), rest]),
  );
  // The Constant goes with the Unsqueeze that alone read it.
  assert.deepEqual(readOnnx(bytes).graph.nodes.map(({ opType }) => opType), ["Identity", "Expand"]);
});

Deno.test("perRowTimesteps() forgets shapes that hold no longer, and only those", () => {
  const whole = scalarTimestepModel();
  const { start, end } = readOnnx(whole).graphField;
  const shape = field(2, field(1, bytesOf(integer(1, 1), field(2, field(1, integer(1, 1))))));
  const infos = ["t", "cast", "ts", "rows"].map((name) =>
    field(13, bytesOf(field(1, name), shape))
  );
  const graph = field(7, bytesOf(whole.subarray(start, end), ...infos));
  const { bytes } = perRowTimesteps(bytesOf(integer(1, 8), field(8, integer(2, 17)), graph));
  assert.deepEqual(readOnnx(bytes).graph.valueInfo.map(({ name }) => name), ["ts", "rows"]);
});

/** Casts from "timestep" over v1, v2 … to `y`, `width` of them side by side at each step. */
function casts(steps: number, width: number): NodeSpec[] {
  return Array.from({ length: steps * width }, (_, i) => {
    const step = Math.floor(i / width);
    const name = (n: number) => n === 0 ? "timestep" : n === steps ? "y" : `v${n}`;
    return { op: "Cast", inputs: [name(step)], outputs: [name(step + 1)] };
  });
}

Deno.test("perRowTimesteps() follows no value twice: 30^12 ways through a hostile graph", () => {
  const rest = { op: "Expand", inputs: ["y", "rows"], outputs: ["z"] };
  assert.equal(perRowTimesteps(modelWith([1], [...casts(12, 30), rest])).edits.length, 1);
});

function refuses(bytes: Uint8Array, message: RegExp): void {
  assert.throws(() => perRowTimesteps(bytes), (error: Error) => {
    assert.ok(error instanceof ModelError, error.stack);
    assert.match(error.message, message);
    return true;
  });
}

const inside = { inputs: [], outputs: [], nodes: [node("Neg", "timestep")] };
const hidden: NodeSpec = { ...node("If", "c"), attributes: { then_branch: { graph: inside } } };
const REFUSED: [string, Uint8Array, RegExp][] = [
  [
    "a scalar that is multiplied",
    modelWith([], [node("Mul", "timestep", "f")]),
    /"timestep", of a scalar, feeds "Mul": cannot be patched/,
  ],
  [
    "a [1] that is multiplied",
    modelWith([1], [node("Mul", "timestep", "f")]),
    /of shape \[1\], feeds "Mul"/,
  ],
  ["a scalar in second place", modelWith([], [node("Expand", "x", "timestep")]), /feeds "Expand"/],
  ["an If that reads it inside", modelWith([], [hidden]), /feeds "If"/],
  [
    "a foreign Unsqueeze",
    modelWith([], [{ ...node("Unsqueeze", "timestep", "0"), domain: "x" }]),
    /feeds "Unsqueeze"/,
  ],
  [
    "an Unsqueeze by a computed axis",
    modelWith([], [node("Unsqueeze", "timestep", "a")]),
    /feeds "Unsqueeze"/,
  ],
  ["an Expand to a fixed 7", modelWith([1], [node("Expand", "timestep", "7")]), /feeds "Expand"/],
  [
    "a long way to the batch",
    modelWith([], casts(20, 1)),
    /no Unsqueeze or Expand within 16 nodes/,
  ],
  ["a timestep that nothing reads", modelWith([], []), /nothing uses "timestep"/],
  ["a timestep of shape [7]", modelWith([7], []), /the batch is frozen at 7/],
  ["a frozen sample", modelWith([], [], { ...SAMPLE, shape: [3, 4, 1] }), /frozen at 3/],
  ["a matrix", modelWith(["batch", 1], []), /timestep has 2 dimensions/],
  ["an undeclared shape", modelWith(undefined, []), /the shape of timestep is not declared/],
  [
    "no timestep",
    onnxModel({ inputs: [SAMPLE], outputs: [], nodes: [] }),
    /no input "timestep" among "sample"/,
  ],
];
for (const [what, bytes, message] of REFUSED) {
  Deno.test(`perRowTimesteps() refuses ${what}`, () => refuses(bytes, message));
}
