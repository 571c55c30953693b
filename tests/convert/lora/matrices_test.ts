import assert from "node:assert/strict";
import { loraChange, type LoraParts } from "../../../src/convert/lora/lora_change.ts";
import type { LoraPart } from "../../../src/convert/lora/lora_names.ts";
import { Random } from "../../support/fuzz.ts";

const random = new Random(20261129);

/** A tensor of small whole numbers, exact in float32. */
function tensor(...shape: number[]) {
  const size = shape.reduce((a, b) => a * b, 1);
  return { shape, data: Float32Array.from({ length: size }, () => random.below(9) - 4) };
}

type Part = ReturnType<typeof tensor>;

/** The element at some indices. */
function at({ shape, data }: Part, ...indices: number[]): number {
  return data[indices.reduce((offset, index, i) => offset * shape[i] + index, 0)];
}

function partsOf(parts: Partial<Record<LoraPart, Part>>): LoraParts {
  return new Map(Object.entries(parts) as [LoraPart, Part][]);
}

/** Σ over p and q. */
function sum(p: number, q: number, term: (p: number, q: number) => number): number {
  let total = 0;
  for (let i = 0; i < p; i++) for (let j = 0; j < q; j++) total += term(i, j);
  return total;
}

/** Every element of `[o, i, k]`. */
function elements(
  sizes: [number, number, number],
  of: (o: number, i: number, k: number) => number,
) {
  const [outputs, inputs, kernel] = sizes;
  return Float32Array.from(
    { length: outputs * inputs * kernel },
    (_, n) => of(Math.floor(n / inputs / kernel), Math.floor(n / kernel) % inputs, n % kernel),
  );
}

Deno.test("loraChange() multiplies the middle of a convolution's LoRA as its formula says", () => {
  const [up, down, mid] = [tensor(5, 2, 1, 1), tensor(2, 4, 1, 1), tensor(2, 2, 3, 3)];
  const { rows, data } = loraChange(partsOf({ up, down, mid }))!;
  assert.equal(rows, 5);
  assert.deepEqual(
    data,
    elements(
      [5, 4, 9],
      (o, i, k) =>
        sum(
          2,
          2,
          (p, q) => at(up, o, p, 0, 0) * mid.data[(p * 2 + q) * 9 + k] * at(down, q, i, 0, 0),
        ),
    ),
  );
});

Deno.test("loraChange() multiplies the cores of LoHa as its formula says", () => {
  const parts = {
    ...{ hada_w1_a: tensor(2, 5), hada_w1_b: tensor(2, 4), hada_t1: tensor(2, 2, 3, 1) },
    ...{ hada_w2_a: tensor(2, 5), hada_w2_b: tensor(2, 4), hada_t2: tensor(2, 2, 3, 1) },
  };
  const { data } = loraChange(partsOf(parts), { alpha: 6 })!;
  const half = (t: Part, b: Part, a: Part) => (o: number, i: number, k: number) =>
    sum(2, 2, (p, q) => at(t, p, q, k, 0) * at(b, q, i) * at(a, p, o));
  const first = half(parts.hada_t1, parts.hada_w1_b, parts.hada_w1_a);
  const second = half(parts.hada_t2, parts.hada_w2_b, parts.hada_w2_a);
  const wanted = elements([5, 4, 3], (o, i, k) => 3 * first(o, i, k) * second(o, i, k));
  assert.deepEqual(data, wanted);
});

Deno.test("loraChange() multiplies LoKr's factors, whole, of two parts or with a core", () => {
  const w1 = tensor(2, 3);
  const [a, b, core] = [tensor(2, 5), tensor(2, 4), tensor(2, 2, 3, 1)];
  const parts = partsOf({ lokr_w1: w1, lokr_w2_a: a, lokr_w2_b: b, lokr_t2: core });
  const { rows, columns, data } = loraChange(parts, { alpha: 4 })!;
  assert.deepEqual([rows, columns], [10, 3 * 4 * 3]);
  const w2 = (o: number, i: number, k: number) =>
    sum(2, 2, (p, q) => at(core, p, q, k, 0) * at(b, q, i) * at(a, p, o));
  assert.deepEqual(
    data,
    elements(
      [10, 12, 3],
      (o, i, k) => 2 * at(w1, Math.floor(o / 5), Math.floor(i / 4)) * w2(o % 5, i % 4, k),
    ),
  );
  const whole = partsOf({ lokr_w1: w1, lokr_w2: tensor(1, 1), alpha: tensor(1) });
  const change = loraChange(whole)!;
  const factor = whole.get("lokr_w2")!.data[0];
  assert.deepEqual(change.data, w1.data.map((x) => x * factor));
});
