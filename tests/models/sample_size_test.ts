import assert from "node:assert/strict";
import { sampleSize } from "../../src/models/sample_size.ts";

Deno.test("sampleSize() is a number for both sides, or [height, width], and 64 where it is absent", () => {
  const sides = (config: Parameters<typeof sampleSize>[0]) => [
    sampleSize(config, "height"),
    sampleSize(config, "width"),
  ];
  assert.deepEqual(sides({ sample_size: 32 }), [32, 32]);
  assert.deepEqual(sides({ sample_size: [8, 16] }), [8, 16]);
  assert.deepEqual(sides({}), [64, 64]);
  for (const bad of [null, [8], [8, 8, 8], [8, null], "8", 8.5, 0, -8, Infinity]) {
    assert.throws(() => sides({ sample_size: bad }), {
      name: "ModelError",
      message: /sample_size of unet\/config\.json is .*, wanted a whole number or two/,
    });
  }
});
