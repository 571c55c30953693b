import assert from "node:assert/strict";
import { addView, type TensorView, TensorViews } from "../../src/convert/tensor_views.ts";
import { asFile } from "./network_fixture.ts";

const DATA = Float32Array.from({ length: 12 }, (_, i) => i);

function file() {
  return asFile(new Map([["x", { dtype: "F32", shape: [6, 2], data: DATA }]]));
}

Deno.test("TensorViews takes parts, shapes and transposes of a tensor", async () => {
  const views = new TensorViews(
    await file(),
    new Map<string, TensorView>([
      ["part", { source: "x", part: { first: 2, rows: 2 } }],
      ["shaped", { source: "x", shape: [3, 4] }],
      ["turned", { source: "x", transposed: true }],
    ]),
  );
  const read = async (name: string) => {
    const { shape, data } = await views.read(name);
    return [shape, [...data as Float32Array]];
  };
  assert.deepEqual([...views.entries.keys()], ["part", "shaped", "turned"]);
  assert.deepEqual(await read("part"), [[2, 2], [4, 5, 6, 7]]);
  assert.deepEqual(await read("shaped"), [[3, 4], [...DATA]]);
  assert.deepEqual(await read("turned"), [[2, 6], [0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11]]);
  const bytes = await views.readBytes("turned", { offset: 8, length: 8 });
  assert.deepEqual([...new Float32Array(bytes.slice().buffer)], [4, 6]);
  await assert.rejects(() => views.readBytes("part", { offset: 12, length: 8 }), RangeError);
});

Deno.test("addView() leaves a second view of a name under its source's name", () => {
  const views = new Map<string, TensorView>();
  for (const source of ["a", "b"]) addView(views, "name", { source });
  assert.deepEqual([...views.keys()], ["name", "b"]);
});
