import assert from "node:assert/strict";
import { FormatError } from "../../../src/errors.ts";
import { openTensors } from "../../../src/formats/open_tensors.ts";
import { readSafetensors, writeSafetensors } from "../../../src/formats/safetensors/safetensors.ts";
import { ShardedTensors } from "../../../src/formats/safetensors/sharded_tensors.ts";
import { checkpointOf, ELEMENTS } from "../../support/checkpoint_builder.ts";
import { withTempFolder } from "../../support/temp_folder.ts";

const A = { dtype: "F32", shape: [1], data: Float32Array.of(1) } as const;
const B = { dtype: "F16", shape: [2], data: Float16Array.of(2, 3) } as const;

/** Opens an index beside two shards, `1.safetensors` with a and `2.safetensors` with b. */
function open(weightMap: unknown): Promise<ShardedTensors> {
  return withTempFolder(async (folder) => {
    await Deno.writeFile(`${folder}/1.safetensors`, writeSafetensors(new Map([["a", A]])));
    await Deno.writeFile(`${folder}/2.safetensors`, writeSafetensors(new Map([["b", B]])));
    const index = `${folder}/model.safetensors.index.json`;
    await Deno.writeTextFile(index, JSON.stringify({ metadata: {}, weight_map: weightMap }));
    using opened = await openTensors(index, { file: "i.index.json" });
    const { tensors } = opened;
    assert(tensors instanceof ShardedTensors);
    for (const [name, { length }] of tensors.entries) {
      assert.equal((await tensors.readBytes(name, { offset: 0, length })).length, length);
    }
    assert.deepEqual(await tensors.read("a"), A);
    await assert.rejects(tensors.read("c"), FormatError);
    return tensors;
  });
}

Deno.test("ShardedTensors reads several files as one, in the order of the index", async () => {
  const tensors = await open({ b: "2.safetensors", a: "1.safetensors" });
  assert.deepEqual([...tensors.entries.keys()], ["b", "a"]);
  assert.deepEqual(tensors.shards, ["2.safetensors", "1.safetensors"]);
  assert.deepEqual(tensors.entries.get("b")?.shape, [2]);
});

const REFUSED: readonly (readonly [string, unknown, RegExp])[] = [
  ["no weight_map", undefined, /i\.index\.json: no object weight_map/],
  ["a weight_map that is a list", [], /no object weight_map/],
  ["an empty weight_map", {}, /an empty weight_map/],
  ["a shard that is an object", { a: {} }, /tensor "a" is in \{\}, wanted a plain file name/],
  ["a shard that is a number", { a: 1 }, /tensor "a" is in 1, wanted a plain file name/],
  ["a shard above the folder", { a: "../1.safetensors" }, /wanted a plain file name/],
  ["an absolute shard", { a: "/etc/x.safetensors" }, /wanted a plain file name/],
  ["a shard in a folder", { a: "sub/1.safetensors" }, /wanted a plain file name/],
  ["a backslash", { a: "..\\1.safetensors" }, /wanted a plain file name/],
  ["a drive", { a: "c:1.safetensors" }, /wanted a plain file name/],
  ["a NUL", { a: "1\0.safetensors" }, /wanted a plain file name/],
  ["a shard that is no tensor file", { a: "passwd" }, /wanted a plain file name/],
  [
    "1,001 shards",
    Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`t${i}`, `${i}.bin`])),
    /1001 shards, at most 1000/,
  ],
  [
    "a tensor in the wrong shard",
    { a: "2.safetensors", b: "2.safetensors" },
    /tensor "a" is not in "2\.safetensors"/,
  ],
  [
    "a tensor that the index leaves out",
    { a: "1.safetensors", c: "2.safetensors" },
    /tensor "c" is not in/,
  ],
];
for (const [what, weightMap, wanted] of REFUSED) {
  Deno.test(`ShardedTensors.open() refuses ${what}`, async () => {
    await assert.rejects(open(weightMap), (error: Error) => {
      assert(error instanceof FormatError, String(error));
      assert.match(error.message, wanted);
      return true;
    });
  });
}

Deno.test("ShardedTensors.open() refuses a shard with more tensors than the index lists", async () => {
  const both = writeSafetensors(new Map<string, typeof A | typeof B>([["a", A], ["b", B]]));
  const index = new TextEncoder().encode('{"weight_map":{"a":"1.safetensors"}}');
  const shard = { entries: readSafetensors(both).tensors as never };
  await assert.rejects(
    ShardedTensors.open(index, { open: () => Promise.resolve(shard as never) }),
    /tensor "b" of "1\.safetensors" is not listed/,
  );
});

Deno.test("ShardedTensors reads shards of PyTorch", () =>
  withTempFolder(async (folder) => {
    await Deno.writeFile(`${folder}/1.bin`, checkpointOf());
    const index = `${folder}/pytorch_model.bin.index.json`;
    await Deno.writeTextFile(index, '{"weight_map":{"w":"1.bin"}}');
    using opened = await openTensors(index);
    assert.deepEqual((await opened.tensors.read("w")).data, ELEMENTS);
  }));
