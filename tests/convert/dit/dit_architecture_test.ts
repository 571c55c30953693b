import assert from "node:assert/strict";
import { ditArchitecture, ditName } from "../../../src/convert/dit/dit_architecture.ts";
import { ModelError } from "../../../src/errors.ts";
import type { TensorFile } from "../../../src/formats/tensor_file.ts";

/** Table 1 of the DiT paper. */
const SIZES = { S: [384, 12, 6], B: [768, 12, 12], L: [1024, 24, 16], XL: [1152, 28, 16] } as const;

interface Sizes {
  width: number;
  depth: number;
  patch: number;
  tokens: number;
  outputs?: number;
}

/** Names and shapes of the tensors that tell the sizes, without any data. */
function checkpoint({ width, depth, patch, tokens, outputs = 8 }: Sizes): TensorFile {
  const shapes: Record<string, number[]> = {
    "x_embedder.proj.weight": [width, 4, patch, patch],
    "pos_embed": [1, tokens, width],
    "final_layer.linear.weight": [patch * patch * outputs, width],
    "blocks.0.mlp.fc1.weight": [4 * width, width],
    "t_embedder.mlp.0.weight": [width, 256],
    "y_embedder.embedding_table.weight": [1001, width],
  };
  for (let i = 0; i < depth; i++) shapes[`blocks.${i}.attn.qkv.weight`] = [3 * width, width];
  const entries = new Map(
    Object.entries(shapes).map(([name, shape]) =>
      [name, { dtype: "F32", shape, length: 0 }] as const
    ),
  );
  const read = () => Promise.reject(new Error("no data"));
  return { entries, read, readBytes: read };
}

for (const [name, [width, depth, heads]] of Object.entries(SIZES)) {
  for (const patch of [2, 4, 8]) {
    for (const size of [32, 64]) {
      Deno.test(`ditArchitecture() knows DiT-${name}/${patch} of ${8 * size} pixels`, () => {
        const tokens = (size / patch) ** 2;
        const dit = ditArchitecture(checkpoint({ width, depth, patch, tokens }), { file: "x" });
        assert.deepEqual(dit, {
          ...{ channels: 4, outChannels: 8, size, patch, tokens, width, depth, heads },
          ...{ mlpWidth: 4 * width, frequencies: 256, classRows: 1001 },
        });
        assert.equal(ditName(dit), `DiT-${name}/${patch}, latent ${size}x${size}`);
      });
    }
  }
}

Deno.test("ditArchitecture() refuses sizes that fit no image", () => {
  const sizes = { width: 384, depth: 12, patch: 2, tokens: 256 };
  const refuses = (changes: Partial<Sizes>, message: RegExp) =>
    assert.throws(
      () => ditArchitecture(checkpoint({ ...sizes, ...changes }), { file: "x.pt" }),
      (error: Error) => error instanceof ModelError && message.test(error.message),
    );
  refuses({ tokens: 255 }, /^x\.pt: pos_embed has 255 tokens, wanted a square$/);
  refuses({ outputs: 2 }, /^x\.pt: final_layer\.linear has 8 rows, wanted 4 times/);
  refuses({ outputs: 8.5 }, /34 rows/);
});
